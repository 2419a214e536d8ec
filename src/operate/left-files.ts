/** The runners' copies of transcripts in Paperclip's home whose Job is gone; and homes of agents that are. */
import { listAgents } from "../paperclip/agent-list.ts";
import { hostPodAddress } from "../paperclip/host-pod.ts";
import { homesInPaperclipsHome, isHomeOf } from "../run/plan/plan.ts";
import { nameOf } from "../run/shared/job-state.ts";
import { ADAPTER_TYPE } from "../run/shared/names.ts";
import { removeTranscriptCopies, unownedTranscriptCopies } from "../run/supervise/supervise.ts";
import type { Leftover } from "./leftover.ts";
import type { Look } from "./open.ts";

/** Which copies belong to no Job is known only where all Jobs are. */
export async function leftCopies(
  { found, unseen, places, around }: Look,
  home: string,
): Promise<{ readonly over: readonly Leftover[]; readonly unseen: readonly string[] }> {
  const own = await hostPodAddress(around.deps.env, around.deps.readFile);
  if (!places.some(({ namespace }) => own !== null && [undefined, own.namespace].includes(namespace)))
    return {
      over: [],
      unseen: ["Copies of transcripts were not looked at: their Jobs are in Paperclip's own namespace."],
    };
  if (unseen.length > 0)
    return { over: [], unseen: ["Copies of transcripts were not looked at: not all Jobs could be seen."] };
  const living = new Set(found.map(({ job }) => nameOf(job)));
  const over: Leftover[] = [];
  for await (const { folder, names } of unownedTranscriptCopies(home, living, Date.now()))
    over.push({
      kind: "transcript-copies",
      what: `${names.length} copies of transcripts in ${folder.path}`,
      why: "their Jobs are gone, and nothing was written to them for a day",
      how: "delete",
      remove: async () => {
        for await (const again of unownedTranscriptCopies(home, living, Date.now()))
          if (again.folder.path === folder.path) await removeTranscriptCopies(again);
      },
    });
  return { over, unseen: [] };
}

export type HomesSeen =
  | { readonly kind: "seen"; readonly paths: readonly string[] }
  | { readonly kind: "unseen"; readonly why: string };

/** Private homes whose agent Paperclip does not know any more. They are listed and never removed: they hold work. */
export async function homesWithoutAgent({ scope }: Pick<Look, "scope">, home: string): Promise<HomesSeen> {
  const homes = await homesInPaperclipsHome(home);
  if (homes.length === 0) return { kind: "seen", paths: [] };
  const list = await listAgents({ ...scope.paperclip, adapterType: ADAPTER_TYPE });
  if (list.kind === "failed") return { kind: "unseen", why: `${list.why}. ${list.fix}` };
  const paths = homes.filter((path) => !list.agents.some((agent) => isHomeOf(path, agent)));
  return { kind: "seen", paths };
}
