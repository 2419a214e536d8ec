/** One of Paperclip's servers: the adapter as it is loaded there, its supervisor at its own pace, and the runs that it is given. */
import { AsyncLocalStorage } from "node:async_hooks";
import { ClusterRegistry } from "../../../src/kubernetes/cluster-registry.ts";
import { runInPaperclip } from "../../../src/run/in-paperclip.ts";
import { keepSupervising } from "../../../src/supervision.ts";
import { contextOf, type RunSettings, SERVER_ENV } from "../../../test/cluster/support/context.ts";
import { trustAgents } from "../../../test/support/policy.ts";
import { linesIn } from "../agent.ts";
import type { FromServer, ServerSettings, ToServer } from "./messages.ts";

/** What was counted is told soon: the process may be killed. */
const TOLD_EVERY_MS = 250;

const { kubeconfig, namespace, urls } = JSON.parse(process.argv[2] ?? "") as ServerSettings;
const env = { ...SERVER_ENV, PAPERCLIP_LISTEN_PORT: "3100" };
const send = (message: FromServer): void => {
  process.send?.(message);
};

/** Whether it is the supervisor who asks: its watches too, when it was the first to want them. */
const supervising = new AsyncLocalStorage<true>();
const counts = { supervisor: {} as Record<string, number>, runs: {} as Record<string, number> };
const clusters = new ClusterRegistry({
  traffic: {
    answered: ({ verb, resource }) => {
      const whose = supervising.getStore() ? counts.supervisor : counts.runs;
      const key = `${verb} ${resource}`;
      whose[key] = (whose[key] ?? 0) + 1;
    },
    retried: () => undefined,
    watchEnded: () => undefined,
    relisted: () => undefined,
  },
});
const common = { env, clusters, readPolicy: trustAgents };

process.on("message", ({ run }: ToServer) => void execute(run));
process.on("disconnect", () => process.exit());
setInterval(tell, TOLD_EVERY_MS);
supervising.run(true, () =>
  keepSupervising(env, {
    dependencies: { ...common, paperclipUrl: () => urls.ofSupervisor },
    places: [{ cluster: { kubeconfig }, namespace }],
    tell: () => undefined,
  }),
);
send({ kind: "ready" });

async function execute(run: RunSettings): Promise<void> {
  let lines = 0;
  let wrong = 0;
  const onLog = (_: string, chunk: string): Promise<void> => {
    for (const { number } of linesIn(chunk)) {
      if (number !== lines + 1) wrong += 1;
      lines = number;
    }
    return Promise.resolve();
  };
  const ctx = contextOf(run, { onLog, signal: new AbortController().signal });
  const result = await runInPaperclip(ctx, { ...common, paperclipUrl: () => urls.ofRuns });
  send({ kind: "result", runId: run.runId, result, lines, wrong });
}

function tell(): void {
  const { supervisor, runs } = counts;
  if (Object.keys(supervisor).length + Object.keys(runs).length === 0) return;
  send({ kind: "asked", requests: { supervisor, runs } });
  counts.supervisor = {};
  counts.runs = {};
}
