/** `gc`: lists what is left over, and removes it when told to. */
import type { Leftover } from "../../operate/left/leftover.ts";
import { findLeftovers, whyNotRemoved } from "../../operate/left/leftovers.ts";
import { look } from "../../operate/look/open.ts";
import type { Scope } from "../../operate/look/scope.ts";
import { note, print, printJson } from "../output.ts";
import { Interrupted, listenForInterruption } from "../terminal/interruption.ts";
import { openWaiting, type Waiting } from "../terminal/waiting.ts";

export interface GcOptions {
  /** Remove it. */
  readonly yes: boolean;
  /** Also what holds agents' work. */
  readonly work: boolean;
  readonly json: boolean;
}

const tell = (message: string): void => note("gc", message);

export async function collect(scope: Scope, { yes, work, json }: GcOptions): Promise<number> {
  using waiting = openWaiting();
  waiting.show("asking the cluster and Paperclip");
  const signal = listenForInterruption();
  await using seen = await look({ scope, env: process.env, tell, signal });
  const found = await findLeftovers(seen);
  waiting.hide();
  const over = work ? [...found.over, ...found.work] : found.over;
  const kept = work ? [] : found.work;
  const show = json ? () => undefined : (text: string) => void print(`${text}\n`);
  const done: Done[] = [];
  const answer = (): void => {
    printJson({
      removed: yes,
      over: done.map(({ leftover, problem }) => ({ ...plain(leftover), problem })),
      kept: kept.map(plain),
      leftAlone: found.leftAlone,
      unseen: found.unseen,
    });
  };
  try {
    for (const leftover of over) {
      signal.throwIfAborted();
      const problem = yes ? await remove(leftover, waiting) : null;
      done.push({ leftover, problem });
      show(line(leftover, problem, yes));
    }
  } catch (error) {
    // What is removed already is told, also of a run that was interrupted.
    if (json && error instanceof Interrupted) answer();
    throw error;
  }
  for (const { what, why } of kept) show(`keep    ${what}: ${why}; it holds work (--work takes it)`);
  if (json) answer();
  else {
    for (const sentence of [...found.leftAlone, ...found.unseen]) tell(sentence);
    if (over.length === 0) tell(kept.length === 0 ? "nothing is left over." : "nothing else is left over.");
    else if (!yes) tell("nothing was changed; --yes does it.");
  }
  const isDone = yes ? done.every(({ problem }) => problem === null) : over.length === 0;
  return isDone ? 0 : 1;
}

interface Done {
  readonly leftover: Leftover;
  /** Why it could not be removed. */
  readonly problem: string | null;
}

async function remove(leftover: Leftover, waiting: Waiting): Promise<string | null> {
  waiting.show(`removing ${leftover.what}`);
  const problem = await leftover.remove().then(() => null, whyNotRemoved);
  waiting.hide();
  return problem;
}

const plain = ({ kind, what, why, how }: Leftover): Omit<Leftover, "remove"> => ({ kind, what, why, how });

function line({ what, why, how }: Leftover, problem: string | null, yes: boolean): string {
  const verb = problem ? "failed" : yes ? (how === "stop" ? "stopped" : "removed") : how;
  return `${verb.padEnd(8)}${what}: ${problem ?? why}`;
}
