/** A create that waits long behind other starts is tried for as long afterwards as one that did not. */
import { expect, it } from "vitest";
import type { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { jobs } from "../../../src/kubernetes/resource-types.ts";
import { provideBundles } from "../../../src/run/launch/bundles/provide-bundles.ts";
import { create, RETRY } from "../../../src/run/launch/create.ts";
import { planRun } from "../../../src/run/plan/run-plan.ts";
import { json, refuse } from "../../kubernetes/support/api-server.ts";
import { LeapingClock } from "../../kubernetes/support/clocks.ts";
import { clientOf, failure } from "../../kubernetes/support/one-client.ts";
import { bundle, input } from "../support/plan-input.ts";

const text = "Be kind. ".repeat(1000);
const plan = planRun(input({ bundle: bundle({ instructions: { path: "/host/AGENTS.md", text, folder: null } }) }));
const { signal } = new AbortController();

const createsJob = (client: KubernetesClient): Promise<unknown> =>
  create(client, plan, signal, {
    type: jobs,
    object: plan.job,
    isOurs: () => true,
    isLeaving: () => false,
    code: "k8s_job_create_failed",
  });
const makesBundle = (client: KubernetesClient): Promise<unknown> => provideBundles(client, plan, signal);

/** On which the minute for which a server wants to be left alone is longer than a create is tried. */
class LateClock extends LeapingClock {
  override sleep(ms: number, until?: AbortSignal): Promise<void> {
    return super.sleep(ms * 5, until);
  }
}

it.each([
  ["a run's Job", createsJob, "Job"],
  ["a bundle's holder", makesBundle, "Job"],
  ["a bundle's Secret", makesBundle, "Secret"],
])("%s whose create ends without a word, after its wait", async (_, start, kind) => {
  const clock = new LateClock();
  const tried: string[] = [];
  const { client } = await clientOf(
    ({ method, body }, reply) => {
      if (method === "GET") return refuse(reply, 404, "NotFound", "not found");
      if (body.includes('"name":"other"'))
        return refuse(reply, 429, "TooManyRequests", "slow down", { "retry-after": "60" });
      const object = JSON.parse(body) as { kind: string; metadata: object };
      if (object.kind === kind && tried.push(kind) === 1) return refuse(reply, 504, "Timeout", "no answer in time");
      const creationTimestamp = new Date(clock.now()).toISOString();
      json(reply, 201, { ...object, metadata: { ...object.metadata, uid: "u1", creationTimestamp } });
    },
    { clock },
  );
  await failure(client.create(jobs, "runs", { metadata: { name: "other" } }, { retryForMs: 0 }));
  const began = clock.now();
  await start(client);
  expect(tried).toEqual([kind, kind]);
  expect(clock.now() - began).toBeGreaterThan(RETRY.retryForMs);
});
