/** Whoever takes a Job over gives its agent a token of its own: with the lost run's, Paperclip does not let it close its task. */
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { jobs, secrets } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { type AdapterProcess, startAdapterProcess } from "./support/adapter-process.ts";
import { freshId } from "./support/context.ts";
import { leftovers } from "./support/leftovers.ts";
import { openPlace, type Place } from "./support/place.ts";
import { INIT, RESULT, startRun } from "./support/run.ts";

let place: Place;
const processes: AdapterProcess[] = [];
beforeAll(async () => {
  place = await openPlace();
}, 120_000);
afterEach(async () => {
  await Promise.all(processes.splice(0).map((process) => process.kill("SIGKILL")));
});
afterAll(() => place.close());

/** Does before each of its steps what Claude Code does before each shell command. */
const AGENT = `cat >/dev/null; ${INIT}; echo "first as $PAPERCLIP_RUN_ID"; until . "$CLAUDE_ENV_FILE"; [ "$PAPERCLIP_API_KEY" = "it's the third's" ]; do sleep 0.1; done; echo "now $PAPERCLIP_RUN_ID"; ${RESULT}`;

/** A kubelet takes a minute and a half to bring a Secret into a running pod. */
const WITHIN_MS = 240_000;

it("gives the agent the token of each run that takes its Job over, and leaves none behind", {
  timeout: WITHIN_MS,
}, async () => {
  const { kubeconfig, namespace, image, paperclip } = place;
  const agentId = `agent-${freshId()}`;
  const settings = { kubeconfig, namespace, image, agentId, agent: AGENT, config: {}, wake: {} };
  for (const count of [1, 2]) {
    const runId = `run-${count}-${freshId()}`;
    const process = await startAdapterProcess();
    processes.push(process);
    paperclip.set(runId, "running");
    process.execute({ ...settings, runId }, paperclip.url).catch(() => "killed, as it should be");
    await process.said(runId, "first as run-1");
    await process.kill("SIGKILL");
    paperclip.set(runId, "failed");
  }
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
