/** Whoever takes a Job over gives its agent a token of its own: with the lost run's, Paperclip does not let it close its task. */
import { expect, it } from "vitest";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs, secrets } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { superviseOnce } from "../../src/run/supervise/supervise.ts";
import { freshId, SERVER_ENV } from "./support/context.ts";
import { leftovers } from "./support/leftovers.ts";
import { loseRun } from "./support/lost-run.ts";
import type { Place } from "./support/place.ts";
import { giveOptionalRights } from "./support/rights.ts";
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

it("ends every restart in a wake-up, an adoption and the newest token, however many there are in the life of one run", {
  timeout: WITHIN_MS,
}, async () => {
  const { paperclip, kubeconfig, namespace } = place;
  const undo = await giveOptionalRights(place, "manyTakeOvers");
  const restarts = 10;
  const agentId = `agent-${freshId()}`;
  const agent = AGENT.replace("it's the third's", `token ${restarts}`);
  let run = startRun(place, { agent, agentId });
  await run.said("first as");
  const dependencies = { env: SERVER_ENV, clusters: new ClusterRegistry(), paperclipUrl: () => paperclip.url };
  for (let restart = 1; restart <= restarts; restart++) {
    run.cancel("Legacy controller lease lost");
    await run.result;
    paperclip.set(run.runId, "interrupted");
    const look = async (): Promise<number> => {
      await superviseOnce({
        dependencies,
        places: [{ cluster: { kubeconfig }, namespace }],
        tell: () => undefined,
        signal: new AbortController().signal,
      });
      return paperclip.wakeups.filter((wakeup) => wakeup.agentId === agentId).length;
    };
    // Not at the first look where the Job has just been written to by somebody else.
    await expect.poll(look, { timeout: 60_000, interval: 500 }).toBe(restart);
    run = startRun(place, { agent: "exit 1", agentId, context: { authToken: `token ${restart}` } });
    await run.event("k8s.job.adopted");
  }
  expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
  expect(run.statuses.join("\n")).not.toContain("keeps the token");
  expect(run.stdout()).toContain(`now ${run.runId}\n`);
  expect(await leftovers(place, { agentId })).toEqual([]);
  await undo();
});
