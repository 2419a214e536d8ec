import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Devcluster, fastTimings, startDevcluster } from "../../src/index.ts";
import { pod } from "../api/objects.ts";
import { type Kubectl, kubectlFor, kubectlVersion } from "./kubectl.ts";

// kubectl speaks WebSocket since 1.30, and by default since 1.31.
const minor = Number(/^v1\.(\d+)/.exec(kubectlVersion ?? "")?.[1] ?? 0);

describe.skipIf(minor < 31)(`kubectl ${kubectlVersion} exec`, () => {
  let cluster: Devcluster;
  let kubectl: Kubectl;

  beforeAll(async () => {
    cluster = await startDevcluster({ images: { "busybox:1.36": {} }, timings: fastTimings });
    kubectl = await kubectlFor(cluster);
    const run = (name: string, script: string): void => {
      const container = {
        command: ["sh", "-c", script],
        env: [{ name: "WHO", value: name }],
        volumeMounts: [{ name: "data", mountPath: "/data" }],
      };
      const spec = {
        schedulerName: "default-scheduler",
        terminationGracePeriodSeconds: 1,
        volumes: [{ name: "data", emptyDir: {} }],
      };
      cluster.store.create("pods", pod(name, { container, spec, metadata: { namespace: "default" } }));
    };
    run("alive", "exec sleep 3600");
    run("over", "exit 0");
    await kubectl.run(["wait", "--for=condition=Ready", "pod/alive", "--timeout=20s"]);
    await kubectl.run(["wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/over", "--timeout=20s"]);
  });
  afterAll(async () => {
    await kubectl.close();
    await cluster.stop();
  });

  it("runs a program in the container's environment and paths", async () => {
    expect(await kubectl.run(["exec", "alive", "--", "sh", "-c", "echo $WHO >/data/who; cat /data/who"])).toBe(
      "alive\n",
    );
    expect(await kubectl.run(["exec", "alive", "--", "cat", "/data/who"])).toBe("alive\n");
  });

  it("keeps stdout and stderr apart, and the exit code", async () => {
    const result = await kubectl.try(["exec", "alive", "--", "sh", "-c", "echo out; echo err >&2; exit 7"]);
    expect(result).toMatchObject({ code: 7, out: "out\n", err: expect.stringMatching(/^err\n/) });
    expect((await kubectl.try(["exec", "alive", "--", "sh", "-c", "kill -9 $$"])).code).toBe(137);
  });

  it("gives stdin to the program, and its end; without -i there is none", async () => {
    const input = "x".repeat(300_000);
    const digest = createHash("sha256").update(input).digest("hex");
    expect(await kubectl.run(["exec", "-i", "alive", "--", "sha256sum"], input)).toBe(`${digest}  -\n`);
    expect(await kubectl.run(["exec", "alive", "--", "cat"], "lost")).toBe("");
  });

  it("carries megabytes", async () => {
    const out = await kubectl.run(["exec", "alive", "--", "sh", "-c", "yes 123456789 | head -n 90000"]);
    expect(out === "123456789\n".repeat(90_000)).toBe(true);
  });

  it("says why it cannot", async () => {
    const why = async (...args: string[]) => (await kubectl.try(["exec", ...args])).err;
    expect(await why("alive", "--", "no-such-program")).toContain(
      'exec: "no-such-program": executable file not found in $PATH',
    );
    expect(await why("nobody", "--", "true")).toContain('pods "nobody" not found');
    expect(await why("alive", "-c", "other", "--", "true")).toContain("container other is not valid for pod alive");
    expect(await why("over", "--", "true")).toMatch(
      /container not found|cannot exec into a container in a completed pod/,
    );
  });
});
