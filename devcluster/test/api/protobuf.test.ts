import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { decodeProtobuf } from "../../src/api/protobuf/decode.ts";

// What kubectl 1.33 sends for: kubectl create job hello --image=busybox:1.36 -- sh -c 'echo $(X) ünïcode'
const recorded = readFileSync(new URL("fixtures/create-job.pb", import.meta.url));

it("reads a Job as kubectl writes it", () => {
  expect(decodeProtobuf(recorded)).toEqual({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "hello" },
    spec: {
      template: {
        metadata: {},
        spec: {
          containers: [
            { name: "hello", image: "busybox:1.36", command: ["sh", "-c", "echo $(X) ünïcode"], resources: {} },
          ],
          restartPolicy: "Never",
        },
      },
    },
  });
});

it("refuses what is cut off, and what is no such body", () => {
  expect(() => decodeProtobuf(recorded.subarray(0, 60))).toThrow("proto: unexpected EOF");
  expect(() => decodeProtobuf(Buffer.from("{}"))).toThrow("does not appear to be a protobuf message");
});
