/** The node's own log of an agent: what it has, and how to throw it away. */
import { pods } from "../../../src/kubernetes/resource-types.ts";
import { CONTAINER, LABELS } from "../../../src/run/shared/names.ts";
import type { Place } from "./place.ts";

/** A read with this bound is the test's own look at the log. */
const LOOK_BYTES = 9_999_999;

/** Faults: every request but the test's own look at the log. */
export const ALL_BUT_LOOKS = { query: new RegExp(`^(?!.*limitBytes=${LOOK_BYTES})`) };

export async function podOf({ admin, namespace }: Place, { agentId }: { agentId: string }): Promise<string> {
  const { items } = await admin.list(pods, namespace, { labelSelector: `${LABELS.agentId}=${agentId}` });
  const [pod] = items;
  if (!pod) throw new Error(`${agentId} has no pod`);
  return pod.metadata.name;
}

/** Resolves when the node has that text in its log. */
export async function untilLogged(
  { admin, namespace }: Place,
  pod: string,
  wanted: string,
  container = CONTAINER,
): Promise<void> {
  const log = { namespace, pod, container, limitBytes: LOOK_BYTES };
  for (let text = ""; !text.includes(wanted); ) {
    const opening = await admin.openLog(log, AbortSignal.timeout(10_000));
    if (opening.kind !== "open") throw new Error(`the test cannot read the log: ${opening.kind}`);
    text = "";
    for await (const chunk of opening.body) text += chunk.toString();
  }
}

/** What was printed so far is out of reach of every new request. */
export async function rotate({ devcluster, namespace }: Place, pod: string): Promise<void> {
  await devcluster?.node.rotate({ namespace, name: pod });
}
