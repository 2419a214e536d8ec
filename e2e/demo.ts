/** `npm run demo:paperclip`: the real Paperclip, a cluster, one agent of our type, one task, a page to look at. */
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openOutput } from "../demo/output.ts";
import { runElsewhere } from "./host/elsewhere.ts";
import { ensureInstalled, packageFolder, rootFolder, run } from "./host/install.ts";
import type { Run } from "./host/records.ts";
import type { Stage } from "./stage/stage.ts";
import type { RealCluster } from "./stage/stage-cluster.ts";

const help = `The real Paperclip with an agent whose runs are Kubernetes Jobs.

Usage: npm run demo:paperclip -- [options]

Boots the Paperclip server in a throw-away home, installs this checkout's build of the adapter through its API, starts
the devcluster and a scripted model, creates a company, an agent and a task, and prints the page's address. Claude Code
is the real one; it comments on its task and finishes it with its own Paperclip token. Stays until Ctrl-C, which removes
everything. The first time it installs the server into e2e/node_modules (about 1.5 GB).

  --once              Leave when the run has ended.
  --kubeconfig FILE   A real cluster instead of the devcluster. Needs --image; its pods must reach this machine.
  --address HOST      This machine as pods see it. Default: its address on the way to the cluster.
  --context NAME      Context of the kubeconfig. Default: its current one.
  --namespace NAME    Namespace of the Jobs. Default: that of the context.
  --image IMAGE       Image with Claude Code and curl.
  --home-claim NAME   PersistentVolumeClaim for the agents' home. Default: none, sessions are not resumed.
  --help              Show this.

Exit code: 0 the run succeeded, 1 it did not or something could not start, 2 wrong usage, 130 after Ctrl-C before that.
`;

const started = performance.now();
const output = openOutput(process.stdout, process.stderr);
const say = (text: string): void =>
  output.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}\n`);

function readOptions(): { once: boolean; cluster: RealCluster | null } | number {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  try {
    const { values } = parseArgs({
      options: {
        once: flag,
        help: flag,
        kubeconfig: text,
        context: text,
        namespace: text,
        image: text,
        "home-claim": text,
        address: text,
      },
    });
    if (values.help) {
      process.stdout.write(help);
      return 0;
    }
    const { kubeconfig, image, context = null, namespace = null, address = null } = values;
    if (!kubeconfig) return { once: values.once, cluster: null };
    if (!image) throw new Error("A real cluster needs --image IMAGE, with `claude` and `curl` in its PATH.");
    const homeClaim = values["home-claim"] ?? null;
    return { once: values.once, cluster: { kubeconfig, image, context, namespace, homeClaim, address } };
  } catch (error) {
    console.error(`${(error as Error).message}\n\`npm run demo:paperclip -- --help\` lists the options.`);
    return 2;
  }
}

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === "number") return options;
  try {
    await ensureInstalled(say);
    const elsewhere = await runElsewhere(fileURLToPath(import.meta.url), say);
    if (elsewhere !== null) return elsewhere;
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
  const stop = new AbortController();
  const end = (): void => {
    if (stop.signal.aborted) return;
    say("stopping: everything is removed");
    stop.abort(new Error("stopped"));
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, end);
  output.closed.addEventListener("abort", end);
  try {
    return await story(options, stop.signal);
  } catch (error) {
    if (stop.signal.aborted) return 130;
    console.error(error instanceof Error ? error.message : error);
    return 1;
  } finally {
    say("nothing is left on this machine: no server, no database, no devcluster, no folder");
  }
}

async function story(options: { once: boolean; cluster: RealCluster | null }, signal: AbortSignal): Promise<number> {
  if (packageFolder === rootFolder) {
    say("adapter: building");
    await run(process.execPath, ["scripts/build.ts"], rootFolder);
  }
  signal.throwIfAborted();
  const { Stage } = await import("./stage/stage.ts");
  await using stage = await Stage.open({ cluster: options.cluster, fast: false, company: "Demo", say, signal });
  const ended = await work(stage, signal);
  if (!options.once && !signal.aborted) {
    say("look around; Ctrl-C removes everything");
    await once(signal, "abort");
  }
  return ended.status === "succeeded" ? 0 : 1;
}

/** One agent does one task; told as it goes. */
async function work(stage: Stage, signal: AbortSignal): Promise<Run> {
  const { api } = stage;
  const agent = await stage.agent("Ada");
  say(`agent: Ada, of type ${agent.adapterType}`);
  const { issue, run: begun } = await stage.task(
    agent,
    "Say hello from your pod",
    "Look around, comment on this task and finish it.",
  );
  const page = `${stage.server.url}/${stage.company.issuePrefix ?? ""}/issues/${issue.identifier ?? issue.id}`;
  say(`task: ${issue.identifier} at ${page}`);
  try {
    const ended = await stage.ended(begun.id, 600_000, signal);
    for (const { eventType, message } of await api.events(ended.id))
      if (eventType.startsWith("k8s.")) say(`run: ${message}`);
    const [comments, after] = await Promise.all([api.comments(issue.id), api.issue(issue.id)]);
    for (const { body } of comments) say(`comment: ${body}`);
    say(`task: ${issue.identifier} is ${after.status}; run: ${ended.status}${ended.error ? `: ${ended.error}` : ""}`);
    return ended;
  } catch (error) {
    // The agent ends gracefully; what a dead server does not hear is removed with the stage.
    await api.cancel(begun.id).catch(() => undefined);
    throw error;
  }
}

process.exitCode = await main();
