/** The runners' copies of transcripts in Paperclip's home whose Job is gone. */
import { hostPodAddress } from "../../paperclip/host-pod.ts";
import { nameOf } from "../../run/shared/job-state.ts";
import { removeTranscriptCopies, unownedTranscriptCopies } from "../../run/supervise/supervise.ts";
import type { Look } from "../look/open.ts";
import { OperatorError } from "../look/operator-error.ts";
import type { Leftover } from "./leftover.ts";

/** Whether the Jobs that can see Paperclip's volume are among those looked at: they are in its own namespace. */
export async function looksAtOwnNamespace({ places, around }: Pick<Look, "places" | "around">): Promise<boolean> {
  const own = await hostPodAddress(around.deps.env, around.deps.readFile);
  return places.some(({ namespace }) => own !== null && [undefined, own.namespace].includes(namespace));
}

/** Throws OperatorError for files that were to be removed and are there. */
export function mustBeNone(files: readonly string[]): void {
  if (files.length > 0)
    throw new OperatorError(`${files.length} of them could not be removed.`, "Remove them as the user who owns them.");
}

/** Which copies belong to no Job is known only where all Jobs are. */
export async function leftCopies(
  seen: Look,
  home: string,
): Promise<{ readonly over: readonly Leftover[]; readonly unseen: readonly string[] }> {
  if (!(await looksAtOwnNamespace(seen)))
    return {
      over: [],
      unseen: ["Copies of transcripts were not looked at: their Jobs are in Paperclip's own namespace."],
    };
  const { found, unseen } = seen;
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
        for await (const still of unownedTranscriptCopies(home, living, Date.now()))
          if (still.folder.path === folder.path) mustBeNone(still.names);
      },
    });
  return { over, unseen: [] };
}
