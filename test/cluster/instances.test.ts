/** Several Paperclips in one namespace, and one whose secret has changed. */
import { expect, it } from "vitest";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { superviseOnce } from "../../src/run/supervise/supervise.ts";
import { SERVER_ENV } from "./support/context.ts";
import { leftovers } from "./support/leftovers.ts";
import { loseRun } from "./support/lost-run.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

const STAYS = `trap 'exit 143' TERM; cat >/dev/null; ${INIT}; echo first; while :; do sleep 0.1; done`;
const FRESH = `cat >/dev/null; ${INIT}; echo fresh; ${RESULT}`;

async function supervise(env: NodeJS.ProcessEnv): Promise<string[]> {
  const { kubeconfig, namespace, paperclip } = place;
  const told: string[] = [];
  await superviseOnce({
    dependencies: { env, clusters: new ClusterRegistry(), paperclipUrl: () => paperclip.url },
    places: [{ cluster: { kubeconfig }, namespace }],
    tell: (message) => void told.push(message),
    signal: new AbortController().signal,
  });
  return told;
}

it("looks after its own lost runs, and not at another Paperclip's, whatever secret that has", async () => {
  const lost = await loseRun(place, { agent: STAYS, after: "first" });
  const asked = place.paperclip.asked(lost.runId);
  const another = { ...SERVER_ENV, PAPERCLIP_INSTANCE_ID: "another" };
  expect(await supervise(another)).toEqual([]);
  expect(await supervise({ ...another, PAPERCLIP_AGENT_JWT_SECRET: "another" })).toEqual([]);
  expect(place.paperclip.asked(lost.runId)).toBe(asked);

  // This Paperclip takes no wake-up: that it was asked for one is what counts.
  expect((await supervise(SERVER_ENV)).join("\n")).toContain(lost.runId);
  expect(place.paperclip.asked(lost.runId)).toBe(asked + 1);

  const run = startRun(place, { agent: FRESH, agentId: lost.agentId });
  expect((await run.event("k8s.job.adopted")).message).toContain(lost.runId);
  run.cancel();
  await run.result;
  expect(await leftovers(place, lost)).toEqual([]);
});

it("neither adopts nor passes over the Job of a time before its secret was changed", async () => {
  const lost = await loseRun(place, { agent: STAYS, after: "first" });
  const [job] = (await place.admin.list(jobs, place.namespace, { labelSelector: `${LABELS.agentId}=${lost.agentId}` }))
    .items;
  const name = job?.metadata.name ?? "";
  const changed = { ...SERVER_ENV, PAPERCLIP_AGENT_JWT_SECRET: "changed" };
  place.paperclip.denyTokens(true);
  const told = await supervise(changed);
  expect(told).toEqual([expect.stringMatching(new RegExp(`^Job ${name} .*cannot be recognised.*delete job ${name}$`))]);
  const run = startRun(place, { agent: FRESH, agentId: lost.agentId, dependencies: { env: changed } });
  const { errorCode, errorMessage } = await run.result;
  place.paperclip.denyTokens(false);
  expect(errorCode).toBe("k8s_concurrent_run_blocked");
  expect(errorMessage).toContain(`kubectl -n ${place.namespace} delete job ${name}`);
  const { spec, metadata } = await place.admin.get(jobs, place.namespace, name);
  expect(spec?.suspend).toBe(false);
  expect(metadata.labels?.[LABELS.runId]).toBe(lost.runId);
  await place.admin.delete(jobs, place.namespace, name);
  expect(await leftovers(place, lost)).toEqual([]);
});
