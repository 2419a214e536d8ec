/**
 * What holds the work of agents that Paperclip does not have any more: the claims of their workspaces, and their private homes.
 * A list without the agent is no proof; see `agentKnownReader`. Where any doubt remains, it stays and is told.
 */
import { agentKnownReader, type ReadAgentKnown } from "../../paperclip/agent-known.ts";
import type { Installation } from "../../paperclip/installation.ts";
import { paperclipHome } from "../../paperclip/kept-files.ts";
import { homesInPaperclipsHome, removeHome } from "../../run/plan/plan.ts";
import { LABELS, labelValue } from "../../run/shared/names.ts";
import type { Look } from "../look/open.ts";
import { OperatorError } from "../look/operator-error.ts";
import { claimsOfAgents } from "./agents-claims.ts";
import { looksAtOwnNamespace } from "./left-files.ts";
import type { Found, Leftover, OfAgent } from "./leftover.ts";

export async function leftWork(seen: Look, installation: Installation): Promise<Found> {
  const { scope, found, signal } = seen;
  const claims = await claimsOfAgents(seen, installation);
  const homes = await ownHomes(seen);
  const working = new Set(found.map(({ job }) => job.metadata.labels?.[LABELS.agentId]));
  // Of a word that is no label, there is no Job.
  const idle = [...claims.things, ...homes.things].filter(({ agent }) => !working.has(labelValue(agent.agentId) ?? ""));
  const judged = await withoutAgent(idle, agentKnownReader({ ...scope.paperclip, signal }));
  return {
    over: judged.over,
    leftAlone: [...claims.leftAlone, ...judged.leftAlone],
    unseen: [...claims.unseen, ...homes.unseen],
  };
}

async function withoutAgent(
  things: readonly OfAgent[],
  read: ReadAgentKnown,
): Promise<Pick<Found, "over" | "leftAlone">> {
  const over: Leftover[] = [];
  const doubts = new Map<string, string[]>();
  for (const { agent, leftover } of things) {
    const known = await read(agent);
    if (known.kind === "gone")
      over.push({ ...leftover, why: "Paperclip does not have its agent any more", how: "delete" });
    if (known.kind === "unclear") doubts.set(known.why, [...(doubts.get(known.why) ?? []), leftover.what]);
  }
  const leftAlone = [...doubts].map(
    ([why, all]) => `Whether their agents are gone is not known (${why}): ${all.join(", ")}.`,
  );
  return { over, leftAlone };
}

/** Of Paperclip's home, where this is its machine. */
async function ownHomes(seen: Look): Promise<{
  readonly things: readonly OfAgent[];
  readonly unseen: readonly string[];
}> {
  const { around, instance, unseen } = seen;
  // That files were not looked at is told already.
  if (around.own === null || around.own.label !== instance) return { things: [], unseen: [] };
  const home = paperclipHome(around.deps.env);
  const homes = await homesInPaperclipsHome(home);
  if (homes.length === 0) return { things: [], unseen: [] };
  if (!(await looksAtOwnNamespace(seen)))
    return {
      things: [],
      unseen: ["Homes without an agent were not looked for: their Jobs are in Paperclip's own namespace."],
    };
  if (unseen.length > 0)
    return { things: [], unseen: ["Homes without an agent were not looked for: not all Jobs could be seen."] };
  const things = homes.map(({ path, tenant }): OfAgent => {
    const remove = (): Promise<void> =>
      removeHome(home, tenant).catch((error: Error) => Promise.reject(notWhole(error)));
    return { agent: tenant, leftover: { kind: "home", what: `home ${path}`, remove } };
  });
  return { things, unseen: [] };
}

const notWhole = ({ message }: Error): OperatorError =>
  new OperatorError(`It is not removed as a whole: ${message}.`, "Remove it as the user who owns its files.");
