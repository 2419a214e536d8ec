/** Whoever takes a Job over gives its agent a token of its own: with the lost run's, Paperclip does not let it close its task. */
import { expect, it } from "vitest";
import { jobs, secrets } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { freshId } from "./support/context.ts";
import { leftovers } from "./support/leftovers.ts";
import { loseRun } from "./support/lost-run.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

/** Does before each of its steps what Claude Code does before each shell command. */
const AGENT = `cat >/dev/null; ${INIT}; echo "first as $PAPERCLIP_RUN_ID"; until . "$CLAUDE_ENV_FILE"; [ "$PAPERCLIP_API_KEY" = "it's the third's" ]; do sleep 0.1; done; echo "now $PAPERCLIP_RUN_ID"; ${RESULT}`;

/** A kubelet takes a minute and a half to bring a Secret into a running pod. */
const WITHIN_MS = 240_000;

it("gives the agent the token of each run that takes its Job over, and leaves none behind", {
  timeout: WITHIN_MS,
}, async () => {
  const { namespace } = place;
  const agentId = `agent-${freshId()}`;
  for (const count of [1, 2])
    await loseRun(place, { agent: AGENT, agentId, runId: `run-${count}-${freshId()}`, after: "first as run-1" });
  // As a quota answers a create that meets another one.
  const conflict = { kind: "respond", code: 409 } as const;
  place.devcluster?.faults.add({ match: { method: "POST", path: /\/secrets$/ }, action: conflict, count: 2 });
  const run = startRun(place, { agent: "exit 1", agentId, context: { authToken: "it's the third's" } });
  await run.event("k8s.job.adopted");
  const labelSelector = `${LABELS.agentId}=${agentId}`;
  const [job] = (await place.admin.list(jobs, namespace, { labelSelector })).items;
  const name = job?.metadata.name ?? "";
  const made = (await place.admin.list(secrets, namespace, { labelSelector })).items;
  expect(made.map(({ metadata }) => metadata.name).sort()).toEqual([name, `${name}-token-1`, `${name}-token-2`]);
  for (const { metadata } of made) expect(metadata.ownerReferences).toMatchObject([{ uid: job?.metadata.uid }]);
  expect(JSON.stringify(job)).not.toContain("the third's");
  expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
  expect(run.stdout()).toContain(`now ${run.runId}\n`);
  expect(await leftovers(place, { agentId })).toEqual([]);
});
