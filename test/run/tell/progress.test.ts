import { expect, it } from "vitest";
import { createHost } from "../../../src/paperclip/host.ts";
import { createObservedRun } from "../../../src/run/observe/observed-run.ts";
import { reportProgress } from "../../../src/run/tell/progress.ts";
import { ended, job, pod, RUN, RUNNING } from "../support/evidence.ts";

it("tells each stage once, also the one that the pod is in when it begins", async () => {
  const told: string[] = [];
  const onEvent = async ({ eventType }: { eventType: string }): Promise<void> => {
    told.push(eventType);
  };
  const record = createObservedRun(RUN);
  record.add(job());
  record.add(pod(RUNNING));
  const stop = reportProgress(record, createHost({ onEvent, onLog: async () => {} }));
  record.add(ended(0));
  record.add(ended(0));
  await stop();
  expect(told).toEqual(["k8s.pod.running", "k8s.pod.ended"]);
});

it("tells of a pod that was told to end and does not: its node may be lost", async () => {
  const told: (string | undefined)[] = [];
  const onEvent = async ({ message }: { message?: string }): Promise<void> => {
    told.push(message);
  };
  const record = createObservedRun(RUN);
  record.add(job());
  record.add(pod(RUNNING));
  const stop = reportProgress(record, createHost({ onEvent, onLog: async () => {} }));
  const lost = {
    type: "DisruptionTarget",
    status: "True",
    reason: "DeletionByTaintManager",
    message: "NoExecute taint",
  };
  const asked = { deletionTimestamp: "2026-11-22T07:10:00Z", deletionGracePeriodSeconds: 30 };
  record.add(pod({ ...RUNNING, conditions: [lost] }, asked));
  await stop();
  expect(told.at(-1)).toBe(
    "Pod ac-agent-run-abc123-x7k2p is being deleted (DeletionByTaintManager: NoExecute taint); node node-1 has not ended its agent yet",
  );
});
