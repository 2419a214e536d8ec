/** Where the load runs: on the simulated cluster in a process of its own, or on a cluster whose kubeconfig is given. */
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { freshId, type RunSettings, settingsOf } from "../../test/cluster/support/context.ts";
import { type FakePaperclip, startFakePaperclip } from "../../test/cluster/support/paperclip.ts";
import { type AgentScript, agentCommand } from "./agent.ts";
import { type Child, startChild } from "./child.ts";
import type { ClusterLook, ClusterSettings, FromCluster, ToCluster } from "./cluster/messages.ts";

export interface PlaceOptions {
  /** @default 1 */
  readonly namespaces?: number;
  /** The cluster answers as quickly as it can, not as a real one. @default false */
  readonly fast?: boolean;
  /** Arguments of Node for the simulated cluster's process. @default none */
  readonly execArgv?: readonly string[];
  /** A real cluster, whose pods run as processes. @default the simulated one */
  readonly real?: { readonly kubeconfig: string; readonly namespace: string; readonly image: string };
}

export interface Place extends AsyncDisposable {
  /** For files that go with it. */
  readonly folder: string;
  readonly paperclipUrl: string;
  /** Runs of new agents, or of those that have these ids, recorded as running. */
  newRuns(count: number, script: AgentScript, agentIds?: readonly string[]): RunSettings[];
  record(runIds: readonly string[], status: string): void;
  ended(runId: string, result: AdapterExecutionResult): void;
  /** Null where the pods are real: their agents end by themselves. */
  readonly simulation: (Pick<Child<ToCluster, FromCluster>, "send"> & { look(): Promise<ClusterLook> }) | null;
}

const CLUSTER = join(import.meta.dirname, "cluster/main.ts");

export async function openPlace(options: PlaceOptions = {}): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "bench-scale-"));
  const kubeconfig = join(folder, "kubeconfig");
  const { real } = options;
  return real ? openReal(real, folder, kubeconfig) : openSimulated(options, folder, kubeconfig);
}

async function openSimulated(
  { namespaces: count = 1, fast = false, execArgv = [] }: PlaceOptions,
  folder: string,
  kubeconfig: string,
): Promise<Place> {
  const namespaces = Array.from({ length: count }, (_, index) => `scale-${index}`);
  const settings: ClusterSettings = { namespaces, fast };
  const child = startChild<ToCluster, FromCluster>(CLUSTER, JSON.stringify(settings), execArgv);
  const ready = await child.next("ready");
  await writeFile(kubeconfig, ready.kubeconfig, { mode: 0o600 });
  const record: Place["record"] = (runIds, status) => child.send({ kind: "record", runIds, status });
  return {
    folder,
    paperclipUrl: ready.paperclipUrl,
    newRuns: runMaker({ kubeconfig, namespaces, image: "scale:simulated" }, record),
    record,
    ended: (runId, result) => child.send({ kind: "ended", runId, result }),
    simulation: {
      send: (message) => child.send(message),
      look: () => {
        const answer = child.next("look");
        child.send({ kind: "look" });
        return answer;
      },
    },
    [Symbol.asyncDispose]: async () => {
      await child.kill("SIGTERM");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openReal(
  { kubeconfig: given, namespace, image }: NonNullable<PlaceOptions["real"]>,
  folder: string,
  kubeconfig: string,
): Promise<Place> {
  await copyFile(given, kubeconfig);
  const paperclip: FakePaperclip = await startFakePaperclip();
  const record: Place["record"] = (runIds, status) => {
    for (const runId of runIds) paperclip.set(runId, status);
  };
  return {
    folder,
    paperclipUrl: paperclip.url,
    newRuns: runMaker({ kubeconfig, namespaces: [namespace], image }, record),
    record,
    ended: (runId, result) => paperclip.ended(runId, result),
    simulation: null,
    [Symbol.asyncDispose]: async () => {
      await paperclip.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function runMaker(
  { kubeconfig, namespaces, image }: { kubeconfig: string; namespaces: readonly string[]; image: string },
  record: Place["record"],
): Place["newRuns"] {
  return (count, script, agentIds) => {
    // A hundred pods are to fit on a node of two processors.
    const config = { command: agentCommand(script), "resources.requests.cpu": "10m" };
    const runs = Array.from({ length: count }, (_, index) => {
      const namespace = namespaces[index % namespaces.length] ?? "";
      const agentId = agentIds?.[index] ?? `agent-${freshId()}`;
      const wake = { taskId: `task-of-${agentId}` };
      return settingsOf({ kubeconfig, namespace, image }, { agent: "", config, agentId, wake });
    });
    record(
      runs.map(({ runId }) => runId),
      "running",
    );
    return runs;
  };
}
