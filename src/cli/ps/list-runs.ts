/** `ps`: once, or again at each change. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Look, listOf, look } from "../../operate/look/open.ts";
import type { Scope } from "../../operate/look/scope.ts";
import type { FoundJob } from "../../operate/look/snapshot.ts";
import { watchJobs } from "../../operate/look/watch-jobs.ts";
import { type DescribedRun, describeRun } from "../../operate/run/describe-run.ts";
import { type ReadWaiting, waitingReader } from "../../operate/run/read-waiting.ts";
import { CommandError } from "../command-error.ts";
import { note, print, printJson } from "../output.ts";
import { listenForInterruption } from "../terminal/interruption.ts";
import { openWaiting } from "../terminal/waiting.ts";
import { runsTable } from "./runs-table.ts";

export interface PsOptions {
  readonly probes: boolean;
  readonly json: boolean;
}

const tell = (message: string): void => note("ps", message);

export async function listRuns(scope: Scope, options: PsOptions): Promise<number> {
  using waiting = openWaiting();
  waiting.show("asking the cluster");
  await using seen = await look({ scope, env: process.env, tell, signal: listenForInterruption() });
  const described = await describeAll(seen, seen.found, waitingReader(seen.signal), options);
  waiting.hide();
  for (const sentence of seen.unseen) tell(sentence);
  if (options.json) return printJson(described);
  if (described.length === 0) tell(nothing(seen));
  else print(`${runsTable(described, Date.now(), process.stdout).join("\n")}\n`);
  return 0;
}

/** Where a reader may have expected some. */
function nothing({ places, others, instance }: Look): string {
  const where = places.map(({ namespace }) => (namespace === undefined ? "any namespace" : `namespace ${namespace}`));
  const whose = instance === null ? "" : ` of Paperclip ${instance}`;
  const more = others.length > 0 ? ` Of others: ${listOf(others)} (--instance LABEL, --all-instances).` : "";
  return `no Job of a run${whose} in ${[...new Set(where)].join(", ")}.${more}`;
}

async function describeAll(
  { around }: Look,
  found: readonly FoundJob[],
  readWaiting: ReadWaiting,
  { probes }: PsOptions,
): Promise<readonly DescribedRun[]> {
  const all = found.map(async (one) =>
    describeRun(one, { ...(await readWaiting(one)), beside: found, policy: around.policy }),
  );
  return (await Promise.all(all)).filter(({ probe }) => probes || !probe);
}

/** Milliseconds from a change until it is drawn: changes come in groups. */
const SETTLE_MS = 150;
/** Milliseconds after which ages are drawn anew. */
const TICK_MS = 1_000;

/** Until Ctrl-C. */
export async function watchRuns(scope: Scope, options: PsOptions): Promise<number> {
  const interrupted = listenForInterruption();
  await using seen = await look({ scope, env: process.env, tell, signal: interrupted });
  for (const sentence of seen.unseen) tell(sentence);
  const watching = watchJobs(seen);
  const readWaiting = waitingReader(seen.signal);
  const { stdout } = process;
  const isTerminal = stdout.isTTY && !options.json;
  let last = "";
  let drawn = 0;
  try {
    for (;;) {
      const described = await describeAll(seen, watching.jobs(), readWaiting, options);
      const key = JSON.stringify(described);
      if (options.json) {
        if (key !== last) print(`${key}\n`);
      } else if (isTerminal || key !== last) {
        const lines = runsTable(described, Date.now(), stdout);
        const shown = lines.length > 1 ? lines : ["no Job of a run; waiting for one"];
        print(isTerminal ? redraw(shown, drawn, stdout.rows) : `${shown.join("\n")}\n\n`);
        drawn = shown.length;
      }
      last = key;
      await watching.changed(isTerminal ? TICK_MS : undefined);
      await sleep(SETTLE_MS, undefined, { signal: interrupted });
    }
  } catch (error) {
    if (interrupted.aborted) throw interrupted.reason;
    throw error instanceof Error ? error : new CommandError(String(error));
  } finally {
    watching.stop();
  }
}

/** Over what was drawn before; what does not fit is said. */
function redraw(lines: readonly string[], before: number, rows: number): string {
  const room = Math.max(3, (rows || 24) - 1);
  const more = lines.length - room;
  const shown = more > 0 ? [...lines.slice(0, room - 1), `… ${more + 1} more lines`] : lines;
  const up = Math.min(before, room);
  return `${up > 0 ? `\u001b[${up}A` : ""}\u001b[0J${shown.join("\n")}\n`;
}
