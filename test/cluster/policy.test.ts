/** What a cluster's policies refuse is said at once, and in a way that somebody can act on. */
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { afterEach, describe, expect, it } from "vitest";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { variant } from "../support/variant.ts";
import { LeapingClock, pass } from "./support/leaping-clock.ts";
import { leftovers } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, startRun, type TestRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";
import { canAskWebhooks, registerWebhook, startWebhook } from "./support/webhook.ts";

let place: Place;
let core: CoreV1Api;
const undo: (() => Promise<unknown>)[] = [];
usePlace((opened) => {
  place = opened;
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(place.adminKubeconfig);
  core = kubeConfig.makeApiClient(CoreV1Api);
});
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

const AGENT = `cat >/dev/null; ${INIT}; ${RESULT}`;
/** An answer for good needs no patience: what is told within this many milliseconds was not waited out. */
const AT_ONCE_MS = 30_000;

async function expectRefused(run: TestRun, code: string, words: RegExp, fix: RegExp): Promise<void> {
  const began = Date.now();
  const result = await run.result;
  expect(Date.now() - began).toBeLessThan(AT_ONCE_MS);
  const [sentence = "", advice = ""] = (result.errorMessage ?? "").split("\nWhat to do: ");
  expect(result.errorCode, result.errorMessage ?? "").toBe(code);
  expect(sentence).toMatch(words);
  expect(advice).toMatch(fix);
  expect(await leftovers(place, { agentId: run.agentId })).toEqual([]);
}

describe("a LimitRange", () => {
  variant("of the ratio of limit to request", async () => {
    const { namespace } = place;
    const spec = { limits: [{ type: "Container", maxLimitRequestRatio: { cpu: "2" } }] };
    await core.createNamespacedLimitRange({ namespace, body: { metadata: { name: "ratio" }, spec } });
    undo.push(() => core.deleteNamespacedLimitRange({ namespace, name: "ratio" }));
    const config = { "resources.requests.cpu": "10m", "resources.limits.cpu": "2" };
    const run = startRun(place, { agent: AGENT, config });
    const words = /cpu max limit to request ratio per Container is 2, but provided ratio is 200\.000000/;
    await expectRefused(run, "k8s_pod_schedule_failed", words, /resources\.requests and resources\.limits.*LimitRange/);
  });
});

describe("a webhook that denies", () => {
  it.for([
    ["a Job with 400", "jobs", { code: 400, reason: "BadRequest", message: "agents need an owner" }],
    ["a Job with 403", "jobs", { code: 403, reason: "Forbidden", message: "agents need an owner" }],
    ["a pod with 400", "pods", { code: 400, reason: "BadRequest", message: "agents need an owner" }],
  ] as const)("%s", async ([, resource, status], { skip }) => {
    if (!canAskWebhooks(place)) return skip("the API server cannot reach this machine");
    const webhook = await startWebhook(() => ({ allowed: false, status }));
    undo.push(() => webhook.close());
    undo.push(await registerWebhook(place, "Validating", resource, webhook.clientConfig));
    const run = startRun(place, { agent: AGENT });
    const code = resource === "jobs" ? "k8s_job_create_failed" : "k8s_pod_schedule_failed";
    const words = /admission webhook "[^"]+" denied the request: agents need an owner/;
    await expectRefused(run, code, words, /policy/);
    expect(webhook.reviews.length).toBeGreaterThan(0);
  });
});

describe("a webhook that nobody answers for", () => {
  it("holds up a Job's pod: the run says why, waits, and goes on 100 s later", async ({ skip }) => {
    if (!canAskWebhooks(place)) return skip("the API server cannot reach this machine");
    const webhook = await startWebhook(() => ({}));
    const { url } = webhook.clientConfig;
    await webhook.close();
    undo.push(await registerWebhook(place, "Validating", "pods", webhook.clientConfig));
    const clock = new LeapingClock();
    const run = startRun(place, { agent: AGENT, dependencies: { clusters: new ClusterRegistry({ clock }) } });
    const words = /failed calling webhook "[^"]+".*connection refused/;
    const told = await run.event("k8s.pod.admission", words);
    expect(told.message).toContain(url);
    await pass(clock, 100 / 60);
    // Removing what is broken heals it, as a webhook that comes back does.
    await undo.pop()?.();
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect(run.events.filter(({ eventType }) => eventType === "k8s.pod.admission")).toHaveLength(1);
    expect(await leftovers(place, run)).toEqual([]);
  });
});
