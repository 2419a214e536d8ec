/** All Jobs and pods that each task ever had in the devcluster, seen as they are written: also those that are gone. */
import { LABELS } from "../../src/run/shared/names.ts";
import { countAtWork, devclusterOf } from "./disruptions.ts";
import type { Stage } from "./stage.ts";

export interface History {
  /** Uids by the task's id. */
  readonly jobs: ReadonlyMap<string, ReadonlySet<string>>;
  readonly pods: ReadonlyMap<string, ReadonlySet<string>>;
  /** The most agents that were at work on a task at the same time. */
  readonly atOnce: ReadonlyMap<string, number>;
  end(): void;
}

export function keepHistory(stage: Stage): History {
  const seen = { jobs: new Map<string, Set<string>>(), pods: new Map<string, Set<string>>() };
  const working = countAtWork(stage);
  const stop = devclusterOf(stage).store.subscribe(({ resource, object: { metadata } }) => {
    const task = metadata.labels?.[LABELS.taskId];
    if (task === undefined || (resource !== "jobs" && resource !== "pods")) return;
    const uids = seen[resource].get(task) ?? new Set();
    seen[resource].set(task, uids.add(metadata.uid));
  });
  return {
    ...seen,
    atOnce: working.most,
    end() {
      stop();
      working.end();
    },
  };
}
