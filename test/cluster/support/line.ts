/** For tests of `limits.jobs`: a namespace for each test, what the cluster shows of its agents, and the line of those that wait. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import { afterEach, beforeEach, expect } from "vitest";
import { jobs } from "../../../src/kubernetes/resource-types.ts";
import { Observer } from "../../../src/kubernetes/watch/observer.ts";
import type { PolicyFile } from "../../../src/policy/schema.ts";
import { nameOf, stateOf } from "../../../src/run/shared/job-state.ts";
import { ANNOTATIONS, LABELS, RUNS } from "../../../src/run/shared/names.ts";
import { policyOf } from "../../support/policy.ts";
import { type AdapterProcess, startAdapterProcess } from "./adapter-process.ts";
import type { Place } from "./place.ts";
import { INIT, RESULT, type RunOptions, startRun, type TestRun } from "./run.ts";
import { usePlace } from "./use-place.ts";

/** Works until it is stopped. */
export const WORKS = `trap 'exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;
export const SHORT = `cat >/dev/null; ${INIT}; sleep 0.5; ${RESULT}`;

export interface Sampled {
  /** The most pods at once whose containers had not all ended. */
  readonly most: number;
  /** Names of Jobs, in the order in which they were unsuspended. */
  readonly started: readonly string[];
  /** Resolves when one more was unsuspended. */
  next(): Promise<void>;
  stop(): void;
}

/** What the cluster itself shows of the agents, at every change of a Job or pod. */
function sample({ admin, namespace }: Place): Sampled {
  const observer = new Observer(admin, { namespace, labelSelector: RUNS });
  const living = new Set<string>();
  const started: string[] = [];
  let most = 0;
  let next = Promise.withResolvers<void>();
  const stop = observer.observe(undefined, ({ resource, type, object }) => {
    if (resource === "jobs") {
      if (stateOf(object) !== "started" || started.includes(nameOf(object))) return;
      started.push(nameOf(object));
      next.resolve();
      next = Promise.withResolvers();
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
    next: () => next.promise,
    stop: () => stop(),
  };
}

/** A kubelet says that the containers have ended up to two seconds before it says so of the pod. */
function isOver({ status }: Pod): boolean {
  const states = status?.containerStatuses?.map(({ state }) => state?.terminated);
  return status?.phase === "Succeeded" || status?.phase === "Failed" || (states?.every(Boolean) ?? false);
}

export const bounded = (bounds: NonNullable<PolicyFile["limits"]>["jobs"]) => {
  const policy = { ...policyOf({ trust: "full", limits: { jobs: bounds } }), path: "/etc/paperclip-k8s/policy.yaml" };
  return { readPolicy: () => Promise.resolve(policy) };
};

export const onTask = (agentId: string, task: number) => ({ agentId, wake: { taskId: `task-${task}` } });

export function runOf(job: Job, among: readonly TestRun[]): TestRun {
  const run = among.find(({ runId }) => job.metadata?.labels?.[LABELS.runId] === runId);
  if (!run) throw new Error(`no run of Job ${nameOf(job)}`);
  return run;
}

export async function end(run: TestRun): Promise<void> {
  run.cancel();
  expect((await run.result).errorCode).toBe("cancelled");
}

/** One for each test: what a test leaves behind when it fails counts in no other. */
export class Line {
  readonly place: Place;
  readonly sampled: Sampled;
  readonly #runs: TestRun[] = [];
  readonly #servers: AdapterProcess[] = [];

  constructor(place: Place) {
    this.place = place;
    this.sampled = sample(place);
  }

  start(options: RunOptions): TestRun {
    const run = startRun(this.place, options);
    this.#runs.push(run);
    return run;
  }

  async startServer(env: NodeJS.ProcessEnv): Promise<AdapterProcess> {
    const server = await startAdapterProcess(env);
    this.#servers.push(server);
    return server;
  }

  /** The Jobs in line, in the order of arrival: which of two that come within a second is first, nobody knows before. */
  async jobs(): Promise<readonly Job[]> {
    const { items } = await this.place.admin.list(jobs, this.place.namespace, { labelSelector: RUNS });
    // Within one second of the cluster's clock, its uids decide.
    const arrival = ({ metadata }: Job): string =>
      `${metadata?.annotations?.[ANNOTATIONS.queued] ?? metadata?.creationTimestamp} ${metadata?.uid}`;
    return items.filter((job) => stateOf(job) === "candidate").toSorted((a, b) => (arrival(a) < arrival(b) ? -1 : 1));
  }

  /** Waits until so many are in line for good: a later process finds their place. */
  async untilQueued(count: number): Promise<readonly Job[]> {
    for (;;) {
      const line = await this.jobs();
      if (line.filter(({ metadata }) => metadata?.annotations?.[ANNOTATIONS.queued]).length === count) return line;
      await this.place.admin.clock.sleep(50);
    }
  }

  async end(): Promise<void> {
    for (const run of this.#runs) run.cancel();
    for (const server of this.#servers) await server.kill("SIGKILL");
    await Promise.all(this.#runs.map(({ result }) => result));
    this.sampled.stop();
  }
}

/** A namespace and its line for each test of the file. */
export function useLine(set: (line: Line) => void): void {
  let cluster: Place;
  let line: Line | undefined;
  usePlace((opened) => {
    cluster = opened;
  });
  beforeEach(async () => {
    line = new Line(await cluster.apart());
    set(line);
  });
  afterEach(() => line?.end());
}
