/** `gc`: lists what is left over, and removes it when told to. */

import { type HomesSeen, homesWithoutAgent } from "../../operate/left-files.ts";
import type { Leftover } from "../../operate/leftover.ts";
import { findLeftovers, whyNotRemoved } from "../../operate/leftovers.ts";
import { look } from "../../operate/open.ts";
import type { Scope } from "../../operate/scope.ts";
import { paperclipHome } from "../../paperclip/kept-files.ts";
import { note, print, printJson } from "../output.ts";
import { listenForInterruption } from "../terminal/interruption.ts";
import { openWaiting } from "../terminal/waiting.ts";

const tell = (message: string): void => note("gc", message);

export async function collect(
  scope: Scope,
  { yes, json }: { readonly yes: boolean; readonly json: boolean },
): Promise<number> {
  using waiting = openWaiting();
  waiting.show("asking the cluster and Paperclip");
  const signal = listenForInterruption();
  await using seen = await look({ scope, env: process.env, tell, signal });
  const { over, leftAlone, unseen } = await findLeftovers(seen);
  const homes: HomesSeen = seen.around.own
    ? await homesWithoutAgent(seen, paperclipHome(process.env))
    : { kind: "seen", paths: [] };
  waiting.hide();
  const done = over.map((leftover) => ({ leftover, problem: null as string | null }));
  if (yes)
    for (const one of done) {
      signal.throwIfAborted();
      waiting.show(`removing ${one.leftover.what}`);
      one.problem = await one.leftover.remove().then(() => null, whyNotRemoved);
      waiting.hide();
      if (!json) print(`${line(one.leftover, one.problem, yes)}\n`);
    }
  const failed = done.some(({ problem }) => problem !== null);
  const notLookedAt = homes.kind === "unseen" ? [...unseen, `Homes without an agent: ${homes.why}`] : unseen;
  const without = homes.kind === "seen" ? homes.paths : [];
  if (json) {
    const removed = done.map(({ leftover: { kind, what, why, how }, problem }) => ({ kind, what, why, how, problem }));
    printJson({ removed: yes, over: removed, leftAlone, homesWithoutAgent: without, unseen: notLookedAt });
  } else {
    if (!yes) for (const { leftover } of done) print(`${line(leftover, null, yes)}\n`);
    for (const path of without) print(`home    ${path}: no agent of this adapter has it; it stays\n`);
    for (const sentence of leftAlone) tell(sentence);
    for (const sentence of notLookedAt) tell(sentence);
    if (over.length === 0) tell("nothing is left over.");
    else if (!yes) tell("nothing was changed; --yes does it.");
  }
  return yes ? (failed ? 1 : 0) : over.length > 0 ? 1 : 0;
}

function line({ what, why, how }: Leftover, problem: string | null, yes: boolean): string {
  const verb = problem ? "failed" : yes ? (how === "stop" ? "stopped" : "removed") : how;
  return `${verb.padEnd(8)}${what}: ${problem ?? why}`;
}
