import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import { expect, test } from "vitest";
import { jobState, podState } from "../object-states.ts";

const container = (state: object): Pod => ({
  spec: { containers: [], nodeName: "node-1" },
  status: {
    phase: "Running",
    containerStatuses: [{ name: "claude", image: "", imageID: "", ready: true, restartCount: 0, state }],
  },
});
const at = "2026-11-22T06:54:06Z";

test.each<[string, Pod, string, boolean]>([
  ["nothing known yet", {}, "Pending", false],
  [
    "no node fits",
    {
      status: {
        phase: "Pending",
        conditions: [
          { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/1 nodes are available" },
        ],
      },
    },
    "Pending: Unschedulable: 0/1 nodes are available",
    true,
  ],
  [
    "on a node",
    { spec: { containers: [], nodeName: "node-1" }, status: { phase: "Pending" } },
    "Pending on node-1",
    false,
  ],
  ["on its way", { ...container({ waiting: { reason: "ContainerCreating" } }) }, "Pending on node-1", false],
  [
    "no such image",
    container({ waiting: { reason: "ErrImagePull", message: "not found" } }),
    "Pending: ErrImagePull: not found",
    true,
  ],
  ["running", container({ running: { startedAt: at } }), "Running on node-1", false],
  ["over", { ...container({ terminated: { exitCode: 0 } }) }, "Running (exit code 0)", false],
  ["over and wrong", container({ terminated: { exitCode: 137 } }), "Running (exit code 137)", true],
  ["evicted before it ran", { status: { phase: "Failed", reason: "Evicted" } }, "Failed: Evicted", true],
])("pod: %s", (_name, pod, text, wrong) => {
  expect(podState(pod)).toEqual({ text, wrong });
});

test.each<[string, Job, string, boolean]>([
  ["held until its Secret is there", { spec: { suspend: true, template: {} } }, "created", false],
  [
    "stopped by the adapter",
    { metadata: { annotations: { "paperclip.io/stopped": "why" } }, spec: { suspend: true, template: {} } },
    "being stopped",
    false,
  ],
  ["let go", { spec: { suspend: false, template: {} } }, "started", false],
  ["done", { status: { conditions: [{ type: "Complete", status: "True" }] } }, "Complete", false],
  [
    "failed",
    { status: { conditions: [{ type: "Failed", status: "True", reason: "BackoffLimitExceeded" }] } },
    "Failed: BackoffLimitExceeded",
    true,
  ],
])("job: %s", (_name, job, text, wrong) => {
  expect(jobState(job)).toEqual({ text, wrong });
});
