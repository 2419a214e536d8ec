/** What happens to Jobs and pods in the cluster, seen by somebody who only watches. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { openCluster } from "../../../src/kubernetes/cluster.ts";
import type { Stored } from "../../../src/kubernetes/resource-types.ts";
import { type Observation, Observer } from "../../../src/kubernetes/watch/observer.ts";
import { CONTAINER, LABELS, RUNS } from "../../../src/run/shared/names.ts";

export interface TaskSeen {
  /** Uids of all that there ever were. */
  readonly jobs: Set<string>;
  readonly pods: Set<string>;
  /** Pods whose agent runs now. */
  readonly running: Set<string>;
  /** The most at once. */
  atOnce: number;
}

export interface Witness extends AsyncDisposable {
  /** By the task's id. */
  readonly tasks: ReadonlyMap<string, TaskSeen>;
  /** Jobs that are there. */
  readonly left: ReadonlySet<string>;
}

export async function startWitness(kubeconfig: string, namespace: string): Promise<Witness> {
  const cluster = await openCluster({ kubeconfig });
  const observer = new Observer(new KubernetesClient(cluster), { namespace, labelSelector: RUNS });
  const tasks = new Map<string, TaskSeen>();
  const left = new Set<string>();
  const stop = observer.observe(undefined, (seen) => take(seen, tasks, left));
  await observer.synced();
  return {
    tasks,
    left,
    [Symbol.asyncDispose]: async () => {
      stop();
      await observer.idle();
      await cluster.close();
    },
  };
}

function take({ resource, type, object }: Observation, tasks: Map<string, TaskSeen>, left: Set<string>): void {
  const { uid } = object.metadata;
  const isGone = type === "DELETED" || type === "GONE";
  const task = taskOf(object, tasks);
  if (resource === "jobs") {
    task.jobs.add(uid);
    if (isGone) left.delete(uid);
    else left.add(uid);
    return;
  }
  task.pods.add(uid);
  if (!isGone && isRunning(object)) task.running.add(uid);
  else task.running.delete(uid);
  task.atOnce = Math.max(task.atOnce, task.running.size);
}

function taskOf({ metadata }: Stored<Job> | Stored<Pod>, tasks: Map<string, TaskSeen>): TaskSeen {
  const id = metadata.labels?.[LABELS.taskId] ?? "";
  const seen = tasks.get(id) ?? { jobs: new Set(), pods: new Set(), running: new Set(), atOnce: 0 };
  tasks.set(id, seen);
  return seen;
}

const isRunning = ({ status }: Pod): boolean =>
  status?.containerStatuses?.some(({ name, state }) => name === CONTAINER && state?.running !== undefined) ?? false;
