/** What keeps a pod from being made or started: each cause told apart, with the cluster's words and the fix. */
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import type { PodSpec } from "kubernetes-types/core/v1";
import { afterEach, describe, expect, it } from "vitest";
import { variant } from "../support/variant.ts";
import { launchHeld } from "./support/held-job.ts";
import { leftovers, objectsOf } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { freshId, INIT, RESULT, startRun, type TestRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

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
  for (const one of undo.splice(0)) await one();
});

const AGENT = `cat >/dev/null; ${INIT}; ${RESULT}`;

async function quota(hard: Record<string, string>): Promise<void> {
  const { namespace } = place;
  await core.createNamespacedResourceQuota({ namespace, body: { metadata: { name: "team" }, spec: { hard } } });
  undo.push(() => core.deleteNamespacedResourceQuota({ namespace, name: "team" }));
}

/** The run ended before anything of it could run, says why and what to do, and has left nothing. */
async function expectRefused(run: TestRun, code: string, words: RegExp, fix: RegExp): Promise<void> {
  const result = await run.result;
  expect(result, result.errorMessage ?? "").toMatchObject({
    errorCode: code,
    executionRecovery: { kind: "bootstrap", providerWorkStarted: false },
  });
  const [sentence = "", advice = ""] = (result.errorMessage ?? "").split("\nWhat to do: ");
  expect(sentence).toMatch(words);
  expect(advice).toMatch(fix);
  expect(await leftovers(place, { agentId: run.agentId })).toEqual([]);
}

describe("a namespace's quota", () => {
  it("of Jobs that is used up refuses the run at once", async () => {
    await quota({ "count/jobs.batch": "0" });
    const run = startRun(place, { agent: AGENT });
    await expectRefused(run, "k8s_job_create_failed", /exceeded quota: team/, /^Raise the quota in namespace \S+/);
  });

  it("of Secrets that is used up refuses the run, and takes its Job back", async () => {
    await quota({ "count/secrets": "0" });
    const run = startRun(place, { agent: AGENT });
    await expectRefused(
      run,
      "k8s_prompt_secret_create_failed",
      /exceeded quota: team/,
      /^Raise the quota in namespace/,
    );
  });

  it("with room for all, when many runs begin at once: its conflicts are tried again", async () => {
    await quota({ "count/jobs.batch": "100", "count/secrets": "100" });
    const runs = Array.from({ length: 6 }, (_, index) =>
      startRun(place, { agent: AGENT, wake: { taskId: `task-${index}` } }),
    );
    for (const run of runs) {
      const result = await run.result;
      expect(result, result.errorMessage ?? "").toMatchObject({ exitCode: 0, errorCode: null });
    }
    const conflicts = [...(place.devcluster?.requests ?? [])].filter(
      ({ method, status }) => method === "POST" && status === 409,
    );
    // A real cluster's conflicts are luck.
    if (place.devcluster) expect(conflicts.length).toBeGreaterThan(0);
    for (const run of runs) expect(await leftovers(place, { agentId: run.agentId })).toEqual([]);
  });

  it("of pods that is used up is waited for: the run goes on when there is room, and said once why it waits", async () => {
    await quota({ pods: "0" });
    const run = startRun(place, { agent: AGENT });
    await run.event("k8s.pod.quota", /FailedCreate: Error creating: pods .* exceeded quota: team, requested: pods=1/);
    await place.admin.clock.sleep(6000);
    await undo.pop()?.();
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect(run.events.filter(({ eventType }) => eventType === "k8s.pod.quota")).toHaveLength(1);
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("of memory that never has room is given up after podStartTimeoutSec", async () => {
    await quota({ "limits.memory": "64Mi" });
    const run = startRun(place, { agent: AGENT, config: { podStartTimeoutSec: 5 } });
    await expectRefused(run, "k8s_pod_schedule_failed", /exceeded quota: team, .*limits.memory=64Mi/, /ResourceQuota/);
  });

  variant("or LimitRange refuses a container that is too large", async () => {
    const { namespace } = place;
    const spec = { limits: [{ type: "Container", max: { memory: "256Mi" } }] };
    await core.createNamespacedLimitRange({ namespace, body: { metadata: { name: "sizes" }, spec } });
    undo.push(() => core.deleteNamespacedLimitRange({ namespace, name: "sizes" }));
    const run = startRun(place, { agent: AGENT });
    const words = /maximum memory usage per Container is 256Mi, but limit is 512Mi/;
    await expectRefused(run, "k8s_pod_schedule_failed", words, /LimitRange/);
  });
});

describe.concurrent("admission", () => {
  it("of a ServiceAccount that is not there", async () => {
    const config = { serviceAccountName: "nobody-at-all", podStartTimeoutSec: 4 };
    const run = startRun(place, { agent: AGENT, config });
    await expectRefused(run, "k8s_pod_schedule_failed", /serviceaccount "nobody-at-all" not found/, /ServiceAccount/);
  });

  it("by Pod Security", async () => {
    const run = await adoptBroken({ securityContext: {} });
    await expectRefused(
      run,
      "k8s_pod_schedule_failed",
      /violates PodSecurity "restricted:latest"/,
      /Pod Security level/,
    );
  });
});

describe.concurrent("an image", () => {
  it("that comes late is pulled then, and the run goes on", async ({ skip }) => {
    if (!place.devcluster) return skip("the registry is the devcluster's");
    const image = "registry.test/agents/late:1";
    const run = startRun(place, { agent: AGENT, config: { image } });
    await run.event("k8s.pod.image-error", /ImagePullBackOff: .*registry\.test\/agents\/late:1: not found/);
    place.images[image] = place.images[place.image] ?? {};
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("that never comes", async () => {
    const run = startRun(place, {
      agent: AGENT,
      config: { image: "registry.invalid/no/such:1", podStartTimeoutSec: 6 },
    });
    const words = /ImagePullBackOff|ErrImagePull/;
    await expectRefused(run, "k8s_pod_schedule_failed", words, /image's name and tag.*serviceAccountName/);
  });

  variant("whose name can be none", async () => {
    const run = startRun(place, { agent: AGENT, config: { image: "UPPER case/!!" } });
    await expectRefused(run, "k8s_pod_schedule_failed", /InvalidImageName/, /not a valid name/);
  });

  variant("that must be on the node and is not", async () => {
    const config = { image: "registry.invalid/no/such:1", imagePullPolicy: "Never" };
    const run = startRun(place, { agent: AGENT, config });
    await expectRefused(run, "k8s_pod_schedule_failed", /ErrImageNeverPull/, /imagePullPolicy/);
  });
});

describe.concurrent("what is missing", () => {
  it("a claim", async () => {
    const run = startRun(place, { agent: AGENT, config: { homeClaim: "no-such-claim", podStartTimeoutSec: 4 } });
    const words = /Unschedulable: .*persistentvolumeclaim "no-such-claim" not found/;
    await expectRefused(run, "k8s_pod_schedule_failed", words, /Create the volume claim/);
  });

  variant("the run's own Secret, which somebody deleted", async ({ skip }) => {
    const { devcluster } = place;
    if (!devcluster) return skip("the node's labels are the devcluster's");
    const config = { nodeSelector: { late: "yes" }, podStartTimeoutSec: 10 };
    const run = startRun(place, { agent: AGENT, config });
    await run.event("k8s.pod.unscheduled");
    const [secret] = (await objectsOf(place, run)).flatMap((name) => /^Secret (.*)/.exec(name)?.[1] ?? []);
    await core.deleteNamespacedSecret({ namespace: place.namespace, name: secret ?? "" });
    const [node] = devcluster.store.list("nodes");
    devcluster.store.mutate("nodes", "", node?.metadata.name ?? "", ({ metadata }) => {
      metadata.labels = { ...metadata.labels, late: "yes" };
    });
    await expectRefused(
      run,
      "k8s_pod_schedule_failed",
      new RegExp(`FailedMount: .*secret "${secret}" not found`),
      /Secret/,
    );
  });

  it("a Secret that a volume names", async () => {
    const run = await adoptBroken(
      { volumes: [{ name: "v", secret: { secretName: "no-such-secret" } }] },
      { volumeMounts: [{ name: "v", mountPath: "/v" }] },
    );
    await expectRefused(
      run,
      "k8s_pod_schedule_failed",
      /FailedMount: .*secret "no-such-secret" not found/,
      /Secret, ConfigMap or volume/,
    );
  });

  it.each([
    ["a ConfigMap", { configMapKeyRef: { name: "no-such-map", key: "k" } }, /configmap "no-such-map" not found/],
    ["a Secret", { secretKeyRef: { name: "no-such-secret", key: "k" } }, /secret "no-such-secret" not found/],
  ])("%s that a variable names", async (_, valueFrom, words) => {
    const run = await adoptBroken({}, { env: [{ name: "X", valueFrom }] });
    await expectRefused(run, "k8s_pod_schedule_failed", words, /Create the Secret, ConfigMap or key/);
  });
});

/**
 * A run that takes over a Job which no plan of ours makes, as a webhook or an older version may have: its wait is the
 * same.
 */
async function adoptBroken(pod: Partial<PodSpec>, container: object = {}): Promise<TestRun> {
  const agentId = `agent-${freshId()}`;
  const lost = `run-${freshId()}`;
  place.paperclip.set(lost, "failed");
  await launchHeld(place, { agentId, runId: lost }, (job) => {
    const { spec } = job.spec?.template ?? {};
    const containers = spec?.containers.map((one) => ({ ...one, ...container })) ?? [];
    const template = { ...job.spec?.template, spec: { ...spec, ...pod, containers } };
    return { ...job, spec: { ...job.spec, template } };
  });
  return startRun(place, { agent: AGENT, agentId, wake: { retryOfRunId: lost }, config: { podStartTimeoutSec: 4 } });
}
