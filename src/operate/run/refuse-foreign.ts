/** What others made in the likeness of this Paperclip's runs is not an operator's run to stop. */
import { ApiError } from "../../kubernetes/api-error.ts";
import type { Installation } from "../../paperclip/installation.ts";
import { describeForeign } from "../../run/claim/claim.ts";
import { ownershipReader } from "../../run/supervise/supervise.ts";
import type { Look } from "../look/open.ts";
import { OperatorError } from "../look/operator-error.ts";
import type { FoundJob } from "../look/snapshot.ts";

/** Throws OperatorError. What cannot be proven, and what may not be looked at, is the operator's own word. */
export async function refuseForeign(
  { around, signal }: Look,
  { place, job }: FoundJob,
  installation: Installation | null,
): Promise<void> {
  if (installation === null) return;
  const { client } = place.lease;
  const read = ownershipReader(client, installation, around.deps.paperclipUrl);
  const ownership = await read(job, signal).catch((error: unknown) => {
    if (error instanceof ApiError && error.forbidden) return null;
    throw error;
  });
  if (ownership?.kind === "foreign") throw new OperatorError(`${describeForeign(job, ownership)}.`, "");
}
