/** Waits until the Job of an agent has finished. */
import { jobs } from "../../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../../src/run/shared/names.ts";
import type { Place } from "./place.ts";

export async function finished({ admin, namespace }: Place, agentId: string): Promise<void> {
  for (;;) {
    const { items } = await admin.list(jobs, namespace, { labelSelector: `${LABELS.agentId}=${agentId}` });
    if (items[0]?.status?.conditions?.some(({ type }) => type === "Complete" || type === "Failed")) return;
    await admin.clock.sleep(50);
  }
}
