/** `limits.jobs`: no more Jobs at once than the operator's policy allows, in the order of arrival, whoever starts them. */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { Observer } from "../../src/kubernetes/watch/observer.ts";
import type { PolicyFile } from "../../src/policy/schema.ts";
import { nameOf, stateOf } from "../../src/run/shared/job-state.ts";
import { ANNOTATIONS, LABELS, RUNS } from "../../src/run/shared/names.ts";
import { superviseOnce } from "../../src/run/supervise/supervise.ts";
import { policyOf } from "../support/policy.ts";
import { type AdapterProcess, startAdapterProcess } from "./support/adapter-process.ts";
import { SERVER_ENV, settingsOf } from "./support/context.ts";
import { leftovers } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { freshId, INIT, RESULT, startRun, type TestRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
let sampled: Sampled;
usePlace((opened) => {
  place = opened;
});
beforeEach(() => {
  sampled = sample();
});
afterEach(() => sampled.stop());

const WORKS = `trap 'exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
const SHORT = `cat >/dev/null; ${INIT}; sleep 0.5; ${RESULT}`;

interface Sampled {
  /** The most pods at once whose containers had not all ended. */
  readonly most: number;
  /** Names of Jobs, in the order in which they were unsuspended. */
  readonly started: readonly string[];
  stop(): void;
}

/** What the cluster itself shows of the agents, at every change of a Job or pod. */
function sample(): Sampled {
  const observer = new Observer(place.admin, { namespace: place.namespace, labelSelector: RUNS });
  const living = new Set<string>();
  const started: string[] = [];
  let most = 0;
  const stop = observer.observe(undefined, ({ resource, type, object }) => {
    if (resource === "jobs") {
      if (stateOf(object) === "started" && !started.includes(nameOf(object))) started.push(nameOf(object));
      return;
    }
    if (isOver(object) || type === "DELETED" || type === "GONE") living.delete(object.metadata.uid);
    else living.add(object.metadata.uid);
    most = Math.max(most, living.size);
  });
  return {
    get most() {
      return most;
    },
    started,
    stop: () => stop(),
  };
}

const isOver = ({ status }: Pod): boolean => status?.phase === "Succeeded" || status?.phase === "Failed";

const bounded = (bounds: NonNullable<PolicyFile["limits"]>["jobs"]) => {
  const policy = { ...policyOf({ trust: "full", limits: { jobs: bounds } }), path: "/etc/paperclip-k8s/policy.yaml" };
  return { readPolicy: () => Promise.resolve(policy) };
};

const onTask = (agentId: string, task: number) => ({ agentId, wake: { taskId: `task-${task}` } });

/** The Jobs in line, in the order of their arrival. */
async function inLine(agentId: string): Promise<readonly Job[]> {
  const labelSelector = `${LABELS.agentId}=${agentId}`;
  const { items } = await place.admin.list(jobs, place.namespace, { labelSelector });
  // Within one second of the cluster's clock, its uids decide.
  const arrival = ({ metadata }: Job): string =>
    `${metadata?.annotations?.[ANNOTATIONS.queued] ?? metadata?.creationTimestamp} ${metadata?.uid}`;
  return items.filter((job) => stateOf(job) === "candidate").toSorted((a, b) => (arrival(a) < arrival(b) ? -1 : 1));
}

async function end(run: TestRun): Promise<void> {
  run.cancel();
  expect((await run.result).errorCode).toBe("cancelled");
}

describe("one place", () => {
  it("is taken in the order of arrival, and who waits is told for what and by whose rule", async () => {
    const agentId = `agent-${freshId()}`;
    const dependencies = bounded({ perAgent: 1 });
    const first = startRun(place, { agent: WORKS, dependencies, ...onTask(agentId, 0) });
    await first.said("ready");
    const waiting = Array.from({ length: 4 }, (_, index) =>
      startRun(place, { agent: WORKS, dependencies, ...onTask(agentId, index + 1) }),
    );
    const told = await Promise.all(waiting.map((run) => run.event("k8s.run.waiting")));
    for (const { message, payload } of told) {
      expect(message).toMatch(
        /^Waiting for a turn: 1 Job of this agent runs, and the operator's policy allows 1 at once/,
      );
      expect(message).toContain(
        "can change limits.jobs.perAgent (/etc/paperclip-k8s/policy.yaml, PAPERCLIP_K8S_POLICY)",
      );
      expect(payload).toMatchObject({ rule: "limits.jobs.perAgent", max: 1, running: 1, since: expect.any(String) });
    }
    const line = await inLine(agentId);
    expect(line).toHaveLength(4);
    await end(first);
    for (const job of line) {
      const next = waiting.find(({ runId }) => job.metadata?.labels?.[LABELS.runId] === runId);
      if (!next) throw new Error("no such run");
      await next.said("ready");
      expect(next.statuses.join("\n")).toContain("Waiting for a turn: ");
      expect(next.events.map(({ eventType }) => eventType)).toContain("k8s.run.waited");
      await end(next);
    }
    expect(sampled.most).toBe(1);
    expect(sampled.started.slice(1)).toEqual(line.map(nameOf));
    expect(await leftovers(place, { agentId })).toEqual([]);
  }, 120_000);

  it("is not held by an agent's own line where another agent has room", async () => {
    const [A, B] = [`agent-${freshId()}`, `agent-${freshId()}`];
    const dependencies = bounded({ perAgent: 1, perNamespace: 2 });
    const first = startRun(place, { agent: WORKS, dependencies, ...onTask(A, 0) });
    await first.said("ready");
    const second = startRun(place, { agent: WORKS, dependencies, ...onTask(A, 1) });
    await second.event("k8s.run.waiting", /of this agent/);
    const other = startRun(place, { agent: WORKS, dependencies, ...onTask(B, 2) });
    await other.said("ready");
    const third = startRun(place, { agent: WORKS, dependencies, ...onTask(`agent-${freshId()}`, 3) });
    await third.event("k8s.run.waiting", /2 Jobs in this namespace run, and the operator's policy allows 2/);
    await end(first);
    await second.said("ready");
    for (const run of [other, second]) await end(run);
    await third.said("ready");
    await end(third);
    expect(sampled.most).toBe(2);
  }, 120_000);

  it("can be waited for in vain: Stop is obeyed at once, and nothing is left", async () => {
    const agentId = `agent-${freshId()}`;
    const dependencies = bounded({ perCompany: 1 });
    const first = startRun(place, { agent: WORKS, dependencies, ...onTask(agentId, 0) });
    await first.said("ready");
    // Its own time does not begin before its agent does.
    const second = startRun(place, { agent: SHORT, dependencies, config: { timeoutSec: 60 }, ...onTask(agentId, 1) });
    await second.event("k8s.run.waiting", /of this company/);
    await end(second);
    expect(await leftovers(place, { runId: second.runId })).toEqual([]);
    await end(first);
  }, 120_000);

  it("is given up by a Job that somebody deletes, and its run says so", async () => {
    const agentId = `agent-${freshId()}`;
    const dependencies = bounded({ perAgent: 1 });
    const first = startRun(place, { agent: WORKS, dependencies, ...onTask(agentId, 0) });
    await first.said("ready");
    const second = startRun(place, { agent: SHORT, dependencies, ...onTask(agentId, 1) });
    await second.event("k8s.run.waiting");
    const [job] = await inLine(agentId);
    await place.admin.delete(jobs, place.namespace, nameOf(job ?? {}), {});
    expect(await second.result).toMatchObject({
      errorCode: "k8s_job_deleted_externally",
      errorMessage: expect.stringMatching(/was deleted while it waited for its turn/),
    });
    await end(first);
  }, 120_000);
});

describe("three places, ten tasks, two processes of Paperclip of which one dies", () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "jobs-at-once-"));
    const path = join(folder, "policy.yaml");
    await writeFile(path, "trust: full\nlimits: {jobs: {perNamespace: 3}}\n");
    await chmod(path, 0o444);
    env = { ...SERVER_ENV, PAPERCLIP_K8S_POLICY: path };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("never run more than three, and all of them run", async () => {
    const { paperclip } = place;
    const agentId = `agent-${freshId()}`;
    const [one, two] = await Promise.all([startAdapterProcess(env), startAdapterProcess(env)]);
    const start = (server: AdapterProcess, task: number, more: Record<string, unknown> = {}) => {
      const settings = settingsOf(place, { agent: SHORT, agentId, wake: { taskId: `task-${task}`, ...more } });
      paperclip.set(settings.runId, "running");
      const result = server.execute(settings, paperclip.url).then(
        (ended) => {
          paperclip.ended(settings.runId, ended);
          return ended;
        },
        () => null,
      );
      return { runId: settings.runId, task, result };
    };
    const runs = Array.from({ length: 10 }, (_, task) => ({
      server: task % 2,
      ...start(task % 2 === 0 ? one : two, task),
    }));
    await Promise.race(runs.filter(({ server }) => server === 0).map(({ result }) => result));
    await two.kill("SIGKILL");
    const lost = runs.filter(({ server }) => server === 1);
    const restarted = await startAdapterProcess(env);
    const went: typeof runs = [];
    for (const run of lost) {
      if (paperclip.status(run.runId) !== "running") continue;
      paperclip.set(run.runId, "failed");
      went.push({ server: 2, ...start(restarted, run.task, { retryOfRunId: run.runId }) });
    }
    expect(went.length).toBeGreaterThan(0);
    for (const { task, result } of [...runs.filter(({ server }) => server === 0), ...went])
      expect(await result, `task ${task}`).toMatchObject({ exitCode: 0, errorCode: null });
    expect(sampled.most).toBe(3);
    expect(await leftovers(place, { agentId })).toEqual([]);
    await Promise.all([one.kill("SIGKILL"), restarted.kill("SIGKILL")]);
  }, 240_000);

  it("keep a lost run's place in the line: its agent is woken, and the next run takes the place", async () => {
    const { paperclip, kubeconfig, namespace } = place;
    const agentId = `agent-${freshId()}`;
    const dependencies = bounded({ perAgent: 1 });
    const first = startRun(place, { agent: WORKS, dependencies, ...onTask(agentId, 0) });
    await first.said("ready");
    const tight = join(folder, "tight.yaml");
    await writeFile(tight, "trust: full\nlimits: {jobs: {perAgent: 1}}\n", { mode: 0o444 });
    const server = await startAdapterProcess({ ...SERVER_ENV, PAPERCLIP_K8S_POLICY: tight });
    const lost = settingsOf(place, { agent: WORKS, ...onTask(agentId, 1) });
    paperclip.set(lost.runId, "running");
    server.execute(lost, paperclip.url).catch(() => undefined);
    const since = await inLineSince(agentId);
    await server.kill("SIGKILL");
    const later = startRun(place, { agent: WORKS, dependencies, ...onTask(agentId, 2) });
    await later.event("k8s.run.waiting");

    paperclip.set(lost.runId, "interrupted");
    await superviseOnce({
      dependencies: { env: SERVER_ENV, clusters: new ClusterRegistry(), paperclipUrl: () => paperclip.url },
      places: [{ cluster: { kubeconfig }, namespace }],
      tell: () => undefined,
      signal: new AbortController().signal,
    });
    expect(paperclip.wakeups).toEqual([
      expect.objectContaining({ agentId, reason: "claude_k8s_job_without_run", payload: { issueId: "task-1" } }),
    ]);

    const again = startRun(place, { agent: WORKS, dependencies, ...onTask(agentId, 1) });
    const { payload } = await again.event("k8s.run.waiting");
    expect(payload).toMatchObject({ since });
    const line = await inLine(agentId);
    await end(first);
    for (const job of line) {
      const next = [again, later].find(({ runId }) => job.metadata?.labels?.[LABELS.runId] === runId);
      await next?.said("ready");
      if (next) await end(next);
    }
    expect(sampled.started.slice(1)).toEqual(line.map(nameOf));
    expect(sampled.most).toBe(1);
    expect(await leftovers(place, { agentId })).toEqual([]);
  }, 120_000);
});

/** Since when the agent's only waiting Job is in line. */
async function inLineSince(agentId: string): Promise<string> {
  for (;;) {
    const [job] = await inLine(agentId);
    const since = job?.metadata?.annotations?.[ANNOTATIONS.queued];
    if (since) return since;
    await place.admin.clock.sleep(50);
  }
}
