/** What another Job of the slot or session means for a run: it waits, removes that Job, or may not start. */
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import type { RunStatus } from "../../src/paperclip/run-status.ts";
import { blockedByUnproven } from "../../src/run/claim/blocked.ts";
import { type Claimant, describeRemoval } from "../../src/run/claim/classify.ts";
import { type ClaimDecision, decideClaim } from "../../src/run/claim/decide.ts";
import { describeForeign } from "../../src/run/claim/ownership/ownership.ts";
import { refusal } from "../../src/run/claim/refusal.ts";
import { createSlotWaiter } from "../../src/run/claim/wait-for-slot.ts";
import type { RunFault } from "../../src/run/shared/run-fault.ts";
import { type JobSpec, jobOf, podOf } from "../run/claim/jobs.ts";
import { T0 } from "../run/support/evidence.ts";

interface Scene {
  readonly title: string;
  readonly jobs: readonly JobSpec[];
  readonly pods?: readonly Pod[];
  readonly status?: RunStatus;
  readonly me?: Partial<Claimant>;
}

const ME: Claimant = {
  agentId: "agent",
  taskId: "task",
  sessionId: null,
  runId: "run-2",
  predecessors: [],
  reattach: true,
  ownsTask: false,
};
const unproven = (why: string, passing: boolean) => ({ kind: "unproven", why, passing }) as const;
const OVER = { kind: "over", status: "failed" } as RunStatus;
const ALIVE = { kind: "alive", status: "running" } as RunStatus;
const CLOCK = { now: () => T0, sleep: () => Promise.resolve() };

/** With the label that the Job controller gives a pod. */
const podOfJob = (spec: Parameters<typeof podOf>[0]): Pod => {
  const pod = podOf({ name: "ac-agent-run-1-x7k2p", ...spec });
  return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata?.labels, "job-name": "ac-agent-run-1" } } };
};

const named = (spec: JobSpec): Job => {
  const job = jobOf({ name: "ac-agent-run-1", ...spec });
  return { ...job, metadata: { ...job.metadata, namespace: "agents" } };
};

function decide({ jobs, pods = [], status = OVER, me = {} }: Scene): ClaimDecision {
  const runs = jobs.map(({ runId = "run-1" }) => [runId, status] as const);
  return decideClaim({ ...ME, ...me }, { jobs: jobs.map(named), pods }, new Map(runs));
}

const WAITING: readonly Scene[] = [
  { title: "Another run of the task is alive", jobs: [{}], status: ALIVE },
  {
    title: "Another agent works in the session",
    jobs: [{ taskId: "other", sessionId: "4f2d7c1e" }],
    status: ALIVE,
    me: { sessionId: "4f2d7c1e" },
  },
  {
    title: "Paperclip does not answer whether the other run is over",
    jobs: [{}],
    status: { kind: "unreadable", why: "no answer within 10 s", denied: false },
  },
  { title: "A stopped agent has its grace", jobs: [{ state: "stopping" }] },
  { title: "A pod outlives its deleted Job", jobs: [], pods: [podOfJob({})] },
  {
    title: "A Job was deleted without its pod",
    jobs: [],
    pods: [podOfJob({ owner: null, ending: false })],
  },
];

const BLOCKED: readonly Scene[] = [
  { title: "A lost run, and reattaching is off", jobs: [{}], me: { reattach: false } },
  { title: "A lost run in another session", jobs: [{ sessionId: "9e3d364e" }], me: { sessionId: "4f2d7c1e" } },
  { title: "Two lost runs of one task", jobs: [{}, { name: "ac-agent-run-0", runId: "run-0" }] },
  { title: "A run whose outcome is reported", jobs: [{ runId: "run-2", state: "collected" }] },
  {
    title: "A run whose record cannot be read",
    jobs: [{}],
    status: { kind: "unreadable", why: "Paperclip does not accept the token (401)", denied: true },
  },
];

const REMOVED: readonly Scene[] = [
  { title: "A candidate of a run that is over", jobs: [{ state: "candidate" }] },
  { title: "A stopped Job", jobs: [{ state: "stopped" }] },
  {
    title: "A cancelled run that nobody watched",
    jobs: [{}],
    status: { kind: "over", status: "cancelled" } as RunStatus,
  },
  {
    title: "An older Job of the task",
    jobs: [{ age: 1 }, { name: "ac-agent-run-0", runId: "run-0", state: "complete" }],
  },
  {
    title: "A task that was given to another agent",
    jobs: [{ agentId: "other" }],
    me: { ownsTask: true },
  },
];

const UNPROVEN = [
  { title: "A Job whose Secret is gone", ownership: unproven("its Secret is gone", false) },
  {
    title: "A Job of a Paperclip whose secret has changed",
    ownership: unproven("the token in its Secret cannot be confirmed: Paperclip does not accept it (401)", false),
  },
  {
    title: "A Job whose token nobody can be asked about",
    ownership: unproven(
      "the token in its Secret cannot be confirmed: the address of Paperclip's API is not known",
      true,
    ),
  },
];

/** What the server's log says of Jobs that are left alone. */
export const strangerLines = (): { readonly title: string; readonly lines: readonly string[] }[] => [
  {
    title: "A Job that only looks like this Paperclip's",
    lines: [describeForeign(named({}), { kind: "foreign", why: "it has no Secret of its own" })],
  },
  {
    title: "A Job that may be this Paperclip's",
    lines: UNPROVEN.map(({ ownership }) => describeForeign(named({}), ownership)),
  },
];

/** What a run that waits says, then what it says when the slot is free. */
export async function waitingLines(): Promise<{ readonly title: string; readonly lines: readonly string[] }[]> {
  return Promise.all(
    WAITING.map(async (scene) => {
      const decision = decide(scene);
      if (decision.kind !== "wait") throw new Error(`${scene.title}: ${decision.kind}`);
      const lines: string[] = [];
      const host = {
        notice: async ({ type, message }: { readonly type: string; readonly message: string }) =>
          void lines.push(`${type}: ${message}`),
        status: async () => {},
      };
      const waiter = createSlotWaiter({ clock: CLOCK, random: () => 0 }, { observe: () => () => {} }, ME, host);
      await waiter.wait(decision.wait, new AbortController().signal);
      await waiter.granted();
      return { title: scene.title, lines };
    }),
  );
}

/** The faults of runs that may not start. */
export const blockedRuns = (): { readonly title: string; readonly error: RunFault }[] => [
  ...BLOCKED.map((scene) => {
    const decision = decide(scene);
    if (decision.kind !== "blocked") throw new Error(`${scene.title}: ${decision.kind}`);
    return { title: scene.title, error: refusal(CLOCK, decision.by) };
  }),
  ...UNPROVEN.map(({ title, ownership }) => ({
    title,
    error: refusal(CLOCK, blockedByUnproven({ job: named({}), ownership })),
  })),
  ...WAITING.flatMap((scene) => {
    const decision = decide(scene);
    const limit = decision.kind === "wait" ? decision.wait.limit : null;
    return limit ? [{ title: `${scene.title}, for too long`, error: refusal(CLOCK, limit.refusal) }] : [];
  }),
];

export const removalLines = (): { readonly title: string; readonly lines: readonly string[] }[] =>
  REMOVED.map((scene) => {
    const decision = decide(scene);
    if (decision.kind !== "remove") throw new Error(`${scene.title}: ${decision.kind}`);
    return { title: scene.title, lines: decision.removals.map((removal) => `[paperclip] ${describeRemoval(removal)}`) };
  });
