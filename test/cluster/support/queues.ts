/** Kueue's queues for tests: on the devcluster's Kueue, or on that of a real cluster, where it has one. */
import { randomBytes } from "node:crypto";
import type { Pod } from "kubernetes-types/core/v1";
import { beforeEach, type TestContext } from "vitest";
import type { KueueOptions } from "../../../devcluster/src/index.ts";
import { ApiError } from "../../../src/kubernetes/api-error.ts";
import { JOB_UID_LABEL, localQueues, type Workload, workloads } from "../../../src/kubernetes/kueue-types.ts";
import { jobs, type KubeObject, pods, type ResourceType, type Stored } from "../../../src/kubernetes/resource-types.ts";
import { Observer } from "../../../src/kubernetes/watch/observer.ts";
import { CONTAINER, LABELS, QUEUE_LABEL, RUNS } from "../../../src/run/shared/names.ts";
import { hasAgentEnded } from "../../../src/run/shared/unknown-agent.ts";
import type { Place } from "./place.ts";
import type { TestRun } from "./run.ts";
import { usePlace } from "./use-place.ts";

interface Spec extends KubeObject {
  readonly spec?: object;
  readonly value?: number;
}

const kind = (plural: string, name: string, namespaced: boolean): ResourceType<Spec> => ({
  ...{ group: "kueue.x-k8s.io", version: "v1beta2", plural, kind: name, namespaced },
});
const flavors = kind("resourceflavors", "ResourceFlavor", false);
const clusterQueues = kind("clusterqueues", "ClusterQueue", false);
const priorityClasses = kind("workloadpriorityclasses", "WorkloadPriorityClass", false);
const queues = kind("localqueues", "LocalQueue", true);

/** The label by which a Job names its WorkloadPriorityClass. */
export const PRIORITY = "kueue.x-k8s.io/priority-class";

/** What one agent of these tests asks for; a queue of two has twice that. */
export const SMALL = {
  "resources.requests.cpu": "100m",
  "resources.limits.cpu": "1",
  "resources.requests.memory": "64Mi",
  "resources.limits.memory": "256Mi",
};

export class Queues {
  readonly place: Place;
  readonly clusterQueue = `claude-k8s-test-${randomBytes(4).toString("hex")}`;
  readonly highPriority = `${this.clusterQueue}-high`;

  constructor(place: Place) {
    this.place = place;
  }

  /** A ClusterQueue with room for so many agents, and a LocalQueue of that name. */
  async open(room: number, name = "team"): Promise<string> {
    const { admin, namespace } = this.place;
    const metadata = { name: this.clusterQueue };
    const quotas = [
      { name: "cpu", nominalQuota: `${room * 100}m` },
      { name: "memory", nominalQuota: "100Gi" },
    ];
    const group = { coveredResources: ["cpu", "memory"], flavors: [{ name: this.clusterQueue, resources: quotas }] };
    const preemption = { withinClusterQueue: "LowerPriority" };
    await admin.create(flavors, undefined, { metadata, spec: {} });
    await admin.create(clusterQueues, undefined, {
      metadata,
      spec: { namespaceSelector: {}, preemption, resourceGroups: [group] },
    });
    await admin.create(priorityClasses, undefined, { metadata: { name: this.highPriority }, value: 1000 });
    await this.local(name);
    return namespace;
  }

  async local(name: string): Promise<void> {
    const spec = { clusterQueue: this.clusterQueue };
    await this.place.admin.create(queues, this.place.namespace, { metadata: { name }, spec });
  }

  async stopPolicy(stopPolicy: "None" | "Hold" | "HoldAndDrain", name = "team"): Promise<void> {
    await this.place.admin.patch(localQueues("v1beta2"), this.place.namespace, name, { spec: { stopPolicy } });
  }

  /** Until the LocalQueue shows that. */
  async untilActive(status: "True" | "False"): Promise<void> {
    const { admin, namespace } = this.place;
    const isActive = async (): Promise<string | undefined> => {
      const found = await admin.get(localQueues("v1beta2"), namespace, "team");
      return found.status?.conditions?.find(({ type }) => type === "Active")?.status;
    };
    while ((await isActive()) !== status) await admin.clock.sleep(50);
  }

  async deactivate(run: TestRun): Promise<void> {
    const { admin, namespace } = this.place;
    const job = await this.jobOf(run);
    const labelSelector = `${JOB_UID_LABEL}=${job?.metadata.uid}`;
    const [workload] = (await admin.list(workloads("v1beta2"), namespace, { labelSelector })).items;
    const patch: Workload = { spec: { active: false } };
    await admin.patch(workloads("v1beta2"), namespace, workload?.metadata.name ?? "", patch);
  }

  async jobOf({ runId }: Pick<TestRun, "runId">) {
    const labelSelector = `${LABELS.runId}=${runId}`;
    return (await this.place.admin.list(jobs, this.place.namespace, { labelSelector })).items[0];
  }

  async podsOf({ runId }: Pick<TestRun, "runId">): Promise<readonly Stored<object & KubeObject>[]> {
    const labelSelector = `${LABELS.runId}=${runId}`;
    return (await this.place.admin.list(pods, this.place.namespace, { labelSelector })).items;
  }

  /** Counts the pods at once whose agent has not ended; `stop` gives the most. */
  sample(): { stop(): number; mostRunning(): number } {
    const { admin, namespace } = this.place;
    const observer = new Observer(admin, { namespace, labelSelector: RUNS });
    const living = new Set<string>();
    const running = new Set<string>();
    let most = 0;
    let mostRunning = 0;
    const stop = observer.observe(undefined, ({ resource, type, object }) => {
      if (resource !== "pods") return;
      const isOver = hasAgentEnded(object as Pod) || type === "DELETED" || type === "GONE";
      if (isOver) living.delete(object.metadata.uid);
      else living.add(object.metadata.uid);
      most = Math.max(most, living.size);
      const agent = (object as Pod).status?.containerStatuses?.find(({ name }) => name === CONTAINER);
      if (!isOver && agent?.state?.running) running.add(object.metadata.uid);
      else running.delete(object.metadata.uid);
      mostRunning = Math.max(mostRunning, running.size);
    });
    return {
      mostRunning: () => mostRunning,
      stop: () => {
        stop();
        return most;
      },
    };
  }

  /** Until the run's Job is in the hands of its queue. */
  async untilLetGo(runId: string): Promise<void> {
    while ((await this.jobOf({ runId }))?.metadata.labels?.[QUEUE_LABEL] === undefined)
      await this.place.admin.clock.sleep(50);
  }

  async untilWithoutPods(runId: string): Promise<void> {
    while ((await this.podsOf({ runId })).length > 0) await this.place.admin.clock.sleep(50);
  }

  async deletePod(run: TestRun): Promise<void> {
    const { admin, namespace } = this.place;
    for (const { metadata } of await this.podsOf(run)) await admin.delete(pods, namespace, metadata.name);
  }

  /** Nothing is left of any run, in the namespace. */
  async untilEmpty(): Promise<void> {
    const { admin, namespace } = this.place;
    for (;;) {
      const left = [
        ...(await admin.list(jobs, namespace, { labelSelector: RUNS })).items,
        ...(await admin.list(pods, namespace, { labelSelector: RUNS })).items,
      ];
      if (left.length === 0) return;
      await admin.clock.sleep(50);
    }
  }

  async close(): Promise<void> {
    const { admin } = this.place;
    await admin.delete(clusterQueues, "", this.clusterQueue);
    await admin.delete(priorityClasses, "", this.highPriority);
    await admin.delete(flavors, "", this.clusterQueue);
  }
}

/** False on a real cluster without Kueue. */
async function hasKueue({ admin, namespace }: Place): Promise<boolean> {
  try {
    await admin.list(localQueues("v1beta2"), namespace, { retryForMs: 0 });
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.notFound) return false;
    throw error;
  }
}

/** Queues of its own, in a namespace of its own, for each test of the file. */
export function useQueues(set: (queues: Queues) => void, options: KueueOptions = {}): void {
  let cluster: Place;
  let present = false;
  usePlace(
    async (opened) => {
      cluster = opened;
      present = await hasKueue(opened);
    },
    { kueue: options },
  );
  beforeEach(async (context: TestContext) => {
    if (!present) context.skip("the cluster has no Kueue (kueue.x-k8s.io)");
    const made = new Queues(await cluster.apart());
    set(made);
    return () => made.close();
  });
}
