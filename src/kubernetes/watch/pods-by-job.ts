import type { Pod } from "kubernetes-types/core/v1.js";
import type { Stored } from "../resource-types.ts";
import type { Change } from "./resource-view.ts";

/** UIDs of the Jobs that own a pod; the label counts for an orphan without owner. */
export function jobsOf({ metadata }: Pod): readonly string[] {
  const owners = metadata?.ownerReferences ?? [];
  if (owners.length > 0) return owners.filter(({ kind }) => kind === "Job").map(({ uid }) => uid);
  const uid = metadata?.labels?.["batch.kubernetes.io/controller-uid"];
  return uid ? [uid] : [];
}

/** The pods of each Job: with a thousand runs, none of them looks at the pods of all. */
export class PodsByJob {
  readonly #pods = new Map<string, Map<string, Stored<Pod>>>();

  take({ type, object }: Change<Pod>): void {
    for (const job of jobsOf(object)) {
      const pods = this.#pods.get(job) ?? new Map<string, Stored<Pod>>();
      if (type === "DELETED" || type === "GONE") pods.delete(object.metadata.uid);
      else pods.set(object.metadata.uid, object);
      if (pods.size > 0) this.#pods.set(job, pods);
      else this.#pods.delete(job);
    }
  }

  of(job: string): readonly Stored<Pod>[] {
    return [...(this.#pods.get(job)?.values() ?? [])];
  }
}
