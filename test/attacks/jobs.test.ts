/** What somebody who may create Jobs in the namespace makes of ours: none is waited for, adopted, stopped or asked about. */
import type { Job } from "kubernetes-types/batch/v1";
import { afterEach, describe, expect, it } from "vitest";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs, pods, type Stored, secrets } from "../../src/kubernetes/resource-types.ts";
import { ANNOTATIONS, jobName, LABELS } from "../../src/run/shared/names.ts";
import { superviseOnce } from "../../src/run/supervise/supervise.ts";
import { freshId, SERVER_ENV } from "../cluster/support/context.ts";
import { jobManifestOf } from "../cluster/support/held-job.ts";
import type { Place } from "../cluster/support/place.ts";
import { INIT, RESULT, startRun, type TestRun } from "../cluster/support/run.ts";
import { usePlace } from "../cluster/support/use-place.ts";
import { mintToken } from "../support/run-token.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

const AGENT = `cat >/dev/null; ${INIT}; echo fresh; ${RESULT}`;
const made: Stored<Job>[] = [];

afterEach(async () => {
  for (const { metadata } of made.splice(0)) await place.admin.delete(jobs, place.namespace, metadata.name);
});

interface Victim {
  readonly agentId: string;
  /** A run of the agent that is over: its Job would be adopted. */
  readonly lost: string;
}

async function forge(victim: Victim, edit: (job: Job) => Job = (job) => job): Promise<Stored<Job>> {
  const forged = jobManifestOf(place, { agentId: victim.agentId, runId: victim.lost, suspend: false, signed: false });
  const { metadata } = forged;
  const name = jobName(victim.agentId, victim.lost);
  const labels = { ...metadata?.labels, [LABELS.companyId]: "company", [LABELS.taskId]: "task-1" };
  const job = edit({ ...forged, metadata: { ...metadata, name, labels } });
  const created = await place.admin.create(jobs, place.namespace, job);
  made.push(created);
  return created;
}

/** `owner`: null = nobody's. */
async function secretFor({ metadata }: Stored<Job>, token: string, owner: Stored<Job> | null): Promise<void> {
  const reference = (job: Stored<Job>) => ({
    ...{ apiVersion: "batch/v1", kind: "Job", controller: true },
    ...{ name: job.metadata.name, uid: job.metadata.uid },
  });
  await place.admin.create(secrets, place.namespace, {
    metadata: { name: metadata.name, ...(owner ? { ownerReferences: [reference(owner)] } : {}) },
    type: "Opaque",
    data: { "env.PAPERCLIP_API_KEY": Buffer.from(token).toString("base64") },
  });
}

const annotated =
  (annotations: Record<string, string>, labels: Record<string, string> = {}) =>
  (job: Job): Job => ({
    ...job,
    metadata: {
      ...job.metadata,
      labels: { ...job.metadata?.labels, ...labels },
      annotations: { ...job.metadata?.annotations, ...annotations },
    },
  });

/** A Job of this Paperclip, of another agent, whose labels and annotations anybody may read. */
async function ownJob(): Promise<{ run: TestRun; job: Stored<Job> }> {
  const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; while :; do sleep 0.1; done` });
  await run.said("init");
  const labelSelector = `${LABELS.agentId}=${run.agentId}`;
  const [job] = (await place.admin.list(jobs, place.namespace, { labelSelector })).items;
  if (!job) throw new Error("no Job");
  return { run, job };
}

const claimsOf = ({ agentId, lost }: Victim) => ({ agentId, companyId: "company", runId: lost });

const rows: readonly (readonly [string, (victim: Victim) => Promise<Stored<Job>>])[] = [
  ["has its labels, and no Secret", (victim) => forge(victim)],
  [
    "has a Secret of its name that is not its own",
    async (victim) => {
      const job = await forge(victim);
      await secretFor(job, mintToken(claimsOf(victim)), null);
      return job;
    },
  ],
  [
    "has a Secret of its own with words that are no token",
    async (victim) => {
      const job = await forge(victim);
      await secretFor(job, "x".repeat(100_000), job);
      return job;
    },
  ],
  [
    "has the token of another run of its agent",
    async (victim) => {
      const job = await forge(victim);
      await secretFor(job, mintToken({ ...claimsOf(victim), runId: "another" }), job);
      return job;
    },
  ],
  [
    "has the token of another agent, whose own it is",
    async (victim) => {
      const job = await forge(victim);
      await secretFor(job, mintToken({ agentId: "mallory", companyId: "company", runId: "mallorys" }), job);
      return job;
    },
  ],
  [
    "has the hash and the signature of a Job of ours, and a token that fits",
    async (victim) => {
      const own = await ownJob();
      const { annotations = {}, labels = {} } = own.job.metadata;
      const copied = [ANNOTATIONS.tokenHash, ANNOTATIONS.signature, ANNOTATIONS.terms].map((key) => [
        key,
        annotations[key] ?? "",
      ]);
      const instance = { [LABELS.instance]: labels[LABELS.instance] ?? "" };
      const job = await forge(victim, annotated(Object.fromEntries(copied), instance));
      await secretFor(job, mintToken(claimsOf(victim)), job);
      own.run.cancel();
      await own.run.result;
      return job;
    },
  ],
  [
    "names a run by two hundred thousand characters",
    (victim) => forge(victim, annotated({ [ANNOTATIONS.runId]: "r".repeat(200_000) })),
  ],
  [
    "is another Paperclip's, with all that proves it there",
    async (victim) => {
      const job = await forge(victim, annotated({}, { [LABELS.instance]: "another-paperclip" }));
      await secretFor(job, mintToken(claimsOf(victim)), job);
      return job;
    },
  ],
  [
    "is suspended like a candidate, under the lowest name",
    (victim) =>
      forge(victim, (job) => ({
        ...job,
        metadata: { ...job.metadata, name: `aa-${freshId()}` },
        spec: { ...job.spec, suspend: true, template: job.spec?.template ?? {} },
      })),
  ],
];

describe("a Job that looks like one of a lost run and", () => {
  it.each(rows)("%s", async (_, attack) => {
    const victim = { agentId: `agent-${freshId()}`, lost: `run-${freshId()}` };
    place.paperclip.set(victim.lost, "failed");
    const forged = await attack(victim);
    const log: string[] = [];
    const dependencies = { env: SERVER_ENV, log: (message: string) => void log.push(message) };
    const run = startRun(place, { agent: AGENT, agentId: victim.agentId, dependencies });
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect(run.stdout()).toContain("fresh");
    expect(run.statuses.join("\n")).not.toMatch(/Removing|Stopping|Waiting|adopt/i);

    const asked = place.paperclip.asked(victim.lost);
    for (let round = 0; round < 2; round++) await supervise(log);
    expect(place.paperclip.asked(victim.lost)).toBe(asked);

    const { metadata, spec } = await place.admin.get(jobs, place.namespace, forged.metadata.name);
    expect(metadata.annotations).toEqual(forged.metadata.annotations);
    expect(spec?.suspend).toBe(forged.spec?.suspend);
    const about = log.filter((message) => message.includes(forged.metadata.name));
    const isAnothers = forged.metadata.labels?.[LABELS.instance] === "another-paperclip";
    expect(about).toHaveLength(isAnothers ? 0 : 1);
    for (const message of about) {
      expect(message).toContain(`kubectl -n ${place.namespace} delete job ${forged.metadata.name}`);
      expect(message.length).toBeLessThan(1000);
    }
  });

  it("fits in all but the signature of its token may be ours: the run does not start beside it, and says what to do", async () => {
    const victim = { agentId: `agent-${freshId()}`, lost: `run-${freshId()}` };
    place.paperclip.set(victim.lost, "failed");
    const forged = await forge(victim);
    await secretFor(forged, mintToken(claimsOf(victim), { secret: "of another Paperclip" }), forged);
    const run = startRun(place, { agent: AGENT, agentId: victim.agentId });
    const { errorCode, errorMessage } = await run.result;
    expect(errorCode).toBe("k8s_concurrent_run_blocked");
    expect(errorMessage).toContain(`delete job ${forged.metadata.name}`);
    const log: string[] = [];
    await supervise(log);
    const { spec } = await place.admin.get(jobs, place.namespace, forged.metadata.name);
    expect(spec?.suspend).toBe(false);
  });

  it("left a pod behind: nobody waits for that pod", async () => {
    const victim = { agentId: `agent-${freshId()}`, lost: `run-${freshId()}` };
    const { spec } = jobManifestOf(place, { agentId: victim.agentId, runId: victim.lost, signed: false });
    const template = spec?.template;
    const instance = (await ownLabels()).instance;
    const labels = { ...template?.metadata?.labels, [LABELS.instance]: instance, [LABELS.taskId]: "task-1" };
    const pod = {
      metadata: { name: `forged-${freshId()}`, labels },
      ...(template?.spec ? { spec: template.spec } : {}),
    };
    await place.admin.create(pods, place.namespace, pod);
    const run = startRun(place, { agent: AGENT, agentId: victim.agentId });
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
    expect(run.statuses.join("\n")).not.toMatch(/Waiting/);
    await place.admin.delete(pods, place.namespace, pod.metadata.name);
  });
});

async function ownLabels(): Promise<{ instance: string }> {
  const { run, job } = await ownJob();
  run.cancel();
  await run.result;
  return { instance: job.metadata.labels?.[LABELS.instance] ?? "" };
}

async function supervise(log: string[]): Promise<void> {
  const { kubeconfig, namespace, paperclip } = place;
  await superviseOnce({
    dependencies: { env: SERVER_ENV, clusters: new ClusterRegistry(), paperclipUrl: () => paperclip.url },
    places: [{ cluster: { kubeconfig }, namespace }],
    tell: (message) => void log.push(message),
    signal: new AbortController().signal,
  });
}
