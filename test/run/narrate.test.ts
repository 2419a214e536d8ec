import { expect, it } from "vitest";
import { createHost } from "../../src/paperclip/host.ts";
import { narrate } from "../../src/run/narrate.ts";
import { createRecord } from "../../src/run/record.ts";
import { ended, job, pod, RUN, RUNNING } from "./support/evidence.ts";

it("tells each stage once, also the one that the pod is in when it begins", async () => {
  const told: string[] = [];
  const onEvent = async ({ eventType }: { eventType: string }): Promise<void> => {
    told.push(eventType);
  };
  const record = createRecord(RUN);
  record.add(job());
  record.add(pod(RUNNING));
  const stop = narrate(record, createHost({ onEvent, onLog: async () => {} }));
  record.add(ended(0));
  record.add(ended(0));
  await stop();
  expect(told).toEqual(["k8s.pod.running", "k8s.pod.ended"]);
});
