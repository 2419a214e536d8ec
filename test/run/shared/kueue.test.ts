/** What a Job's state means under Kueue: every interleaving of what Kueue, its operator and the adapter do to one Job. */
import fc from "fast-check";
import type { Job } from "kubernetes-types/batch/v1";
import type { Event } from "kubernetes-types/core/v1";
import { describe, expect, it } from "vitest";
import { letGoPatch } from "../../../src/run/launch/let-go.ts";
import { isHeld, stateOf } from "../../../src/run/shared/job-state.ts";
import {
  GATE,
  GATE_ANNOTATION,
  isGated,
  isStopped,
  queueOf,
  queueStateOf,
  workloadIn,
} from "../../../src/run/shared/kueue.ts";
import { ANNOTATIONS, QUEUE_LABEL } from "../../../src/run/shared/names.ts";

const STOPPING = "kueue.x-k8s.io/stopping";

/** Merges as the API server does. */
function merge<T>(into: T, patch: unknown): T {
  if (typeof patch !== "object" || patch === null) return patch as T;
  const out: Record<string, unknown> = { ...(into as Record<string, unknown>) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else if (value !== undefined) out[key] = typeof value === "object" ? merge(out[key] ?? {}, value) : value;
  }
  return out as T;
}

interface World {
  job: Job;
  /** What is true, whatever the Job shows. */
  readonly truth: { letGo: boolean; admitted: boolean; evicting: boolean; over: boolean };
}

const bornLabelled = fc.constantFrom(null, "default");
const wanted = fc.constantFrom(null, "team", "default");

function born(label: string | null): World {
  const labels = label === null ? {} : { labels: { [QUEUE_LABEL]: label } };
  const metadata = { name: "a", uid: "u", annotations: { [GATE_ANNOTATION]: GATE }, ...labels };
  const job: Job = { metadata, spec: { suspend: true, template: {} }, status: {} };
  return { job, truth: { letGo: false, admitted: false, evicting: false, over: false } };
}

type Step = (world: World, queue: string | null) => void;

const steps: Readonly<Record<string, Step>> = {
  letGo: (world, queue) => {
    const { truth, job } = world;
    if (truth.letGo || truth.over) return;
    world.job = merge(job, letGoPatch(job, queue, "2026-01-01T00:00:00Z"));
    truth.letGo = true;
    truth.admitted ||= queueOf(world.job) === null;
  },
  admit: (world) => {
    const { truth, job } = world;
    if (truth.over || truth.evicting || queueOf(job) === null || isGated(job)) return;
    world.job = merge(job, { spec: { suspend: false }, status: { active: 1 } });
    truth.admitted = true;
  },
  evict: (world) => {
    const { truth, job } = world;
    if (truth.over || !truth.admitted || queueOf(job) === null) return;
    world.job = merge(job, { spec: { suspend: true }, metadata: { annotations: { [STOPPING]: "true" } } });
    Object.assign(truth, { admitted: false, evicting: true });
  },
  settle: (world) => {
    const { truth, job } = world;
    if (truth.over || !truth.evicting) return;
    world.job = merge(job, { metadata: { annotations: { [STOPPING]: null } }, status: { active: 0 } });
    truth.evicting = false;
  },
  stop: (world) => {
    if (!world.truth.letGo || queueOf(world.job) === null) return;
    world.job = merge(world.job, { metadata: { annotations: { [ANNOTATIONS.stopped]: "cancelled" } } });
    world.truth.over = true;
  },
  remove: (world) => {
    world.job = merge(world.job, { metadata: { deletionTimestamp: "2026-01-01T00:00:01Z" } });
    world.truth.over = true;
  },
};

const anyStory = fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength: 12 });

function live(
  story: readonly string[],
  label: string | null,
  queue: string | null,
  look: (world: World) => void,
): void {
  const world = born(label);
  look(world);
  for (const name of story) {
    steps[name]?.(world, queue);
    look(world);
  }
}

describe("a Job under Kueue", () => {
  it("is a candidate until it is let go, and never again", () => {
    fc.assert(
      fc.property(anyStory, bornLabelled, wanted, (story, label, queue) => {
        live(story, label, queue, ({ job, truth }) => {
          if (truth.over) return expect(["leaving", "stopped"]).toContain(stateOf(job));
          expect(isHeld(job)).toBe(!truth.letGo);
          return expect(stateOf(job)).toBe(truth.letGo ? "started" : "candidate");
        });
      }),
    );
  });

  it("shows whether the queue has it, whatever `suspend` was before", () => {
    fc.assert(
      fc.property(anyStory, bornLabelled, wanted, (story, label, queue) => {
        live(story, label, queue, ({ job, truth }) => {
          const { kind } = queueStateOf(job);
          if (queueOf(job) === null) expect(kind).toBe("none");
          else if (truth.over) expect(kind).toBe("over");
          else if (!truth.letGo) expect(kind).toBe("gated");
          else expect(kind).toBe(truth.evicting ? "evicting" : truth.admitted ? "admitted" : "waiting");
        });
      }),
    );
  });

  it("is let go by one write, which never unsuspends what a queue has or is to have, and never moves what runs", () => {
    fc.assert(
      fc.property(bornLabelled, wanted, fc.boolean(), (label, queue, suspend) => {
        const { job } = born(label);
        const patch = letGoPatch({ ...job, spec: { ...job.spec, template: {}, suspend } }, queue, "now") as Job;
        const inQueue = label !== null || queue !== null;
        expect(patch.spec?.suspend).toBe(inQueue ? undefined : false);
        const moves = patch.metadata?.labels?.[QUEUE_LABEL] ?? null;
        expect(moves).toBe(suspend && queue !== null && queue !== label ? queue : null);
        const after = merge(job, patch);
        expect(after.metadata?.annotations).toEqual({ [ANNOTATIONS.started]: "now" });
      }),
    );
  });

  it("keeps the gates of others", () => {
    const { job } = born("default");
    const gated = merge(job, { metadata: { annotations: { [GATE_ANNOTATION]: `example.com/x,${GATE}` } } });
    const after = merge(gated, letGoPatch(gated, null, "now"));
    expect(after.metadata?.annotations?.[GATE_ANNOTATION]).toBe("example.com/x");
  });
});

describe("Kueue's Events", () => {
  const event = (reason: string, message: string, from = "batch/job-kueue-controller"): Event => ({
    involvedObject: { kind: "Job" },
    metadata: {},
    reason,
    message,
    reportingComponent: from,
  });

  it("are told from others by who reports them", () => {
    expect(isStopped(event("Stopped", "Preempted to accommodate a workload"))).toBe(true);
    expect(isStopped(event("Stopped", "by somebody", "kubelet"))).toBe(false);
    expect(isStopped(event("Suspended", "Job suspended"))).toBe(false);
  });

  it("name the Workload", () => {
    expect(workloadIn([event("CreatedWorkload", "Created Workload: agents/job-a1-0c8b5")])).toBe("job-a1-0c8b5");
    expect(workloadIn([event("Started", "Admitted by clusterQueue kq-cq")])).toBeNull();
  });
});
