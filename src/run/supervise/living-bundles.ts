/** Keeps the files that living Jobs share with others, whoever made them and whether or not a run looks after its Job. */
import type { Job } from "kubernetes-types/batch/v1";
import { ApiError } from "../../kubernetes/api-error.ts";
import { renewLeases } from "../launch/launch.ts";
import type { WhereToFind } from "./found.ts";
import { leases } from "./places/seldom.ts";

/** Never rejects but with the signal's reason: what cannot be renewed now is next time. @param jobs all that are there */
export async function keepLivingBundles(
  where: WhereToFind & { readonly tellOnce: (message: string) => void },
  jobs: readonly Job[],
): Promise<void> {
  if (!leases.isDue(where)) return;
  leases.note(where);
  const { lease, namespace, installation, signal, tellOnce } = where;
  try {
    await renewLeases({ client: lease.client, namespace, installation, jobs, signal });
  } catch (error) {
    if (signal.aborted || !(error instanceof ApiError)) throw error;
    leases.note(where, true);
    tellOnce(`Files that runs share may be removed before their pods start: ${error.message}`);
  }
}
