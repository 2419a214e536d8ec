/** A Paperclip process with nothing in it but the adapter: executes the runs that its parent sends it. */
import { ClusterRegistry } from "../../../src/kubernetes/cluster-registry.ts";
import { execute } from "../../../src/run/execute.ts";
import { trustAgents } from "../../support/policy.ts";
import { ADAPTER_ENV, type FromAdapter, type ToAdapter } from "./adapter-process.ts";
import { contextOf } from "./context.ts";

const send = (message: FromAdapter): void => {
  process.send?.(message);
};
const clusters = new ClusterRegistry();
const env = JSON.parse(process.env[ADAPTER_ENV] ?? "{}") as NodeJS.ProcessEnv;
const stops = new Map<string, AbortController>();

process.on("message", (message: ToAdapter) => {
  if (message.kind === "cancel") stops.get(message.runId)?.abort(new Error(message.reason));
  else void start(message);
});
// Without its parent it has nobody to report to.
process.on("disconnect", () => process.exit());
send({ kind: "ready" });

async function start({ settings, paperclipUrl }: Extract<ToAdapter, { kind: "execute" }>): Promise<void> {
  const { runId } = settings;
  const stop = new AbortController();
  stops.set(runId, stop);
  const ctx = contextOf(settings, {
    signal: stop.signal,
    onLog: (stream, chunk) => {
      send({ kind: "log", runId, stream, chunk });
      return Promise.resolve();
    },
  });
  const readPolicy = env.PAPERCLIP_K8S_POLICY ? {} : { readPolicy: trustAgents };
  const result = await execute(ctx, { env, clusters, ...readPolicy, paperclipUrl: () => paperclipUrl });
  send({ kind: "result", runId, result });
}
