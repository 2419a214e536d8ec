/** `logs`: the transcript of a run from the cluster, or the kept one. */

import { type Look, look, pickRun } from "../../operate/look/open.ts";
import type { Scope } from "../../operate/look/scope.ts";
import type { FoundJob } from "../../operate/look/snapshot.ts";
import { followFound, hasRunEnded, observeFound, type RunObserved } from "../../operate/run/observe-run.ts";
import { readWait } from "../../operate/run/read-waiting.ts";
import { keepAskingWhy, whyWaiting } from "../../operate/run/why-waiting.ts";
import { comesBack } from "../../run/observe/observe.ts";
import { CommandError } from "../command-error.ts";
import { note } from "../output.ts";
import { listenForInterruption } from "../terminal/interruption.ts";
import { openWaiting, type Waiting } from "../terminal/waiting.ts";
import { inWords } from "./completeness.ts";
import { showContainer } from "./container-log.ts";
import { showKept } from "./kept-transcript.ts";
import type { LogsOptions } from "./logs-options.ts";
import { TranscriptPrinter } from "./printer.ts";

const tell = (message: string): void => note("logs", message);

export async function showLogs(scope: Scope, options: LogsOptions): Promise<number> {
  using waiting = openWaiting();
  waiting.show("asking the cluster");
  const signal = listenForInterruption();
  const opened = await openLook(scope, signal, options);
  waiting.hide();
  if (typeof opened === "number") return opened;
  await using seen = opened;
  for (const sentence of seen.unseen) tell(sentence);
  const found = pickRun(seen, options.word);
  if (!found) return (await showKept(options, process.env, tell)) ?? nowhere(seen, options.word);
  // Not before they are done are the connections given back.
  if (options.container !== null) return await showContainer(found, options.container, options.follow, signal);
  return await showTranscript(found, options, waiting, signal);
}

/** A cluster that cannot be asked does not keep from what is on disk: then the exit code. */
async function openLook(scope: Scope, signal: AbortSignal, options: LogsOptions): Promise<Look | number> {
  try {
    return await look({ scope, env: process.env, tell, signal });
  } catch (error) {
    const shown = signal.aborted ? null : await showKept(options, process.env, tell);
    if (shown === null) throw error;
    tell(`Whether it still has a Job is not known: ${(error as Error).message}`);
    return shown;
  }
}

export function nowhere({ places, scope }: Look, word: string): never {
  const where = [...new Set(places.map(({ namespace }) => namespace ?? "all namespaces"))].join(", ");
  const fix = scope.allPlaces
    ? "`claude-k8s ps -A` lists the runs that have one."
    : "`claude-k8s ps` lists the runs that have one; -A looks in all places.";
  throw new CommandError(`There is no Job of ${word} in ${where}, and no kept transcript of it here.`, fix);
}

async function showTranscript(
  found: FoundJob,
  options: LogsOptions,
  waiting: Waiting,
  caller: AbortSignal,
): Promise<number> {
  using running = await observeFound(found, caller);
  const { observed } = running;
  const ended = await hasRunEnded(running);
  const printer = new TranscriptPrinter(options, tell, waiting);
  const until = ended || options.follow ? "end" : "now";
  if (until === "now" && !observed.evidence.pod?.agent.ran) {
    await readWait(found.place.lease.client, running.run, observed, running.signal);
    tell(`The agent has said nothing yet: ${whyWaiting(running) ?? "it is starting"}.`);
    return 0;
  }
  const stop = options.follow ? showWaiting(running, waiting) : () => undefined;
  await followFound(running, printer, until);
  stop();
  waiting.hide();
  if (caller.aborted) throw caller.reason;
  const { transcript } = observed.evidence;
  if (!transcript) return 1;
  if (until === "now" && transcript.state === "unproven" && transcript.unread === undefined) {
    tell(`${transcript.lines} lines so far; the run goes on (-f follows it).`);
    return 0;
  }
  if (options.form === "json") printer.end(transcript);
  if (comesBack(observed.evidence))
    tell(
      "Its queue has taken the pod back: this was what the agent said in it. The run goes on in a new one; ask again then.",
    );
  tell(`${inWords(transcript)}.`);
  return transcript.state === "missing" || transcript.unread !== undefined ? 1 : 0;
}

/** While its agent does not run yet. */
function showWaiting(running: RunObserved, waiting: Waiting): () => void {
  const show = (): void => {
    const why = whyWaiting(running);
    if (why) waiting.show(why);
    else waiting.hide();
  };
  show();
  const asked = new AbortController();
  void keepAskingWhy(running, AbortSignal.any([running.signal, asked.signal]));
  const unsubscribe = running.observed.subscribe(show);
  return () => {
    unsubscribe();
    asked.abort();
  };
}
