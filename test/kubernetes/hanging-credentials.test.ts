import { Agent } from "undici";
import { afterEach, expect, test } from "vitest";
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import type { Cluster } from "../../src/kubernetes/cluster.ts";
import { exec } from "../../src/kubernetes/exec/exec.ts";
import { pods } from "../../src/kubernetes/resource-types.ts";
import { watchStream } from "../../src/kubernetes/watch/watch-stream.ts";
import { failure } from "./support/one-client.ts";

const agent = new Agent();
afterEach(() => agent.destroy());

const cluster: Cluster = {
  ...{ server: new URL("http://127.0.0.1:9"), namespace: "runs", source: "kubeconfig", id: "hangs", dispatcher: agent },
  headers: () => new Promise(() => undefined),
  forgetCredentials: () => undefined,
  close: async () => undefined,
};

const ignored = (): void => undefined;

test("a credential plugin that hangs is what a call, a log, a watch and an exec tell of, not the API server", async () => {
  const answered: string[] = [];
  const told = (_: unknown, code: string): void => void answered.push(code);
  const traffic = { answered: told, retried: ignored, watchEnded: ignored, relisted: ignored };
  const client = new KubernetesClient(cluster, { requestTimeoutMs: 20, retryForMs: 0, traffic });
  const { signal } = new AbortController();
  const call = { request: { verb: "watch", resource: "pods" }, method: "GET", path: "/api/v1/pods" } as const;
  const limits = { idleTimeoutMs: 1000, openTimeoutMs: 20, maxLineBytes: 1024 };
  const why = { kind: "credentials", detail: expect.stringContaining("plugin or login did not answer in time") };
  expect(await failure(client.get(pods, "runs", "p"))).toMatchObject(why);
  const log = await client.openLog({ namespace: "runs", pod: "p", container: "c" }, signal);
  expect(log).toMatchObject({ kind: "failed", error: why });
  const { value } = await watchStream(client.transport, call, limits, signal).next();
  expect(value).toMatchObject({ why: "failed", error: why });
  const program = { namespace: "runs", pod: "p", container: "c", command: ["true"] } as const;
  const ended = await exec(client.transport, program, ignored, signal, { openTimeoutMs: 20 });
  expect(ended).toMatchObject({ kind: "failed", error: why });
  // Nothing of it was a request.
  expect(answered).toEqual([]);
});
