/** `stop`: stops one run, says what it waits for, and ends with the verdict. */

import { installationOf, look, pickRun } from "../../operate/look/open.ts";
import type { Scope } from "../../operate/look/scope.ts";
import { observeFound } from "../../operate/run/observe-run.ts";
import { refuseForeign } from "../../operate/run/refuse-foreign.ts";
import { type StopOutcome, stopRun } from "../../operate/run/stop-run.ts";
import { whyWaiting } from "../../operate/run/why-waiting.ts";
import { nowhere } from "../logs/show-logs.ts";
import { note, print, printJson } from "../output.ts";
import { type Fact, facts } from "../terminal/facts.ts";
import { Interrupted, listenForInterruption } from "../terminal/interruption.ts";
import { openWaiting } from "../terminal/waiting.ts";
import { verdictFacts } from "../why/verdict-facts.ts";

const tell = (message: string): void => note("stop", message);

export async function stopAndTell(scope: Scope, word: string, json: boolean): Promise<number> {
  using waiting = openWaiting();
  waiting.show("asking the cluster");
  const signal = listenForInterruption();
  await using seen = await look({ scope, env: process.env, tell, signal });
  for (const sentence of seen.unseen) tell(sentence);
  const found = pickRun(seen, word);
  if (!found) return nowhere(seen, word);
  await refuseForeign(seen, found, installationOf(seen));
  using running = await observeFound(found, signal);
  let about = "stopping the run";
  const show = (): void => waiting.show([about, whyWaiting(running)].filter(Boolean).join("; "));
  const unsubscribe = running.observed.subscribe(show);
  try {
    const outcome = await stopRun(running, scope.paperclip, (text) => {
      about = text;
      show();
    });
    waiting.hide();
    if (json) printJson(outcome);
    else print(`${facts(factsOf(outcome), process.stdout).join("\n")}\n`);
    return isOver(outcome) ? 0 : 1;
  } catch (error) {
    waiting.hide();
    if (error instanceof Interrupted)
      tell("It is not waited for any more; a run that was told to stop goes on ending.");
    throw error;
  } finally {
    unsubscribe();
  }
}

function isOver(outcome: StopOutcome): boolean {
  switch (outcome.kind) {
    case "withdrawn":
      return true;
    case "ended":
    case "had-ended":
      return outcome.verdict.stopped;
    case "not-seen":
    case "another-run":
      return false;
  }
}

const BY = {
  paperclip: "Paperclip's own process has stopped it, and removes its Job",
  cluster: "its Job stays suspended until Paperclip, which finds it so, has recorded the outcome and removes it",
  queue: "its Job is deleted, since its queue would start it again; Paperclip's process, if there is one, has seen why",
} as const;

function factsOf(outcome: StopOutcome): readonly Fact[] {
  switch (outcome.kind) {
    case "ended":
      return [...verdictFacts(outcome.verdict), { name: "next", text: BY[outcome.by] }];
    case "had-ended":
      return [{ name: "note", text: "It had ended before it was stopped." }, ...verdictFacts(outcome.verdict)];
    case "withdrawn":
      return [{ name: "✓", text: "Nothing of it ever ran, and its Job is gone.", tone: "good" }];
    case "not-seen":
      return [
        {
          name: "✗",
          text: `It was told to stop, and nobody has seen its end within ${outcome.waitedSec} s.`,
          tone: "bad",
        },
        {
          name: "fix",
          text: "Look at the node of its pod (claude-k8s why RUN). Nothing of it starts again.",
        },
      ];
    case "another-run":
      return [
        {
          name: "✗",
          text: `Nothing was stopped: its Job belongs to run ${outcome.runId ?? "unknown"} by now.`,
          tone: "bad",
        },
        { name: "fix", text: "Stop that run, if that is what you mean." },
      ];
  }
}
