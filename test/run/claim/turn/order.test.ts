/** A model of candidates that take turns on one API server: every step of every process may come between any two of another. */
import fc from "fast-check";
import type { Job } from "kubernetes-types/batch/v1";
import { describe, expect, it } from "vitest";
import {
  decideReservation,
  type JobsAtOnce,
  jobsSeen,
  type Turn,
  turnOf,
  uidOf,
} from "../../../../src/run/claim/turn/order.ts";
import { ANNOTATIONS, LABELS } from "../../../../src/run/shared/names.ts";
import { cases } from "../../../support/thoroughness.ts";
import { type JobSpec, jobOf, podOf } from "../jobs.ts";

const nobody: ReadonlySet<string> = new Set();

interface Line extends JobSpec {
  readonly company?: string;
  readonly reserved?: boolean;
  readonly queued?: string;
}

function inLine({ company = "company", reserved = false, queued, ...spec }: Line): Job {
  const job = jobOf(spec);
  const { metadata } = job;
  return {
    ...job,
    metadata: {
      ...metadata,
      labels: { ...metadata?.labels, [LABELS.companyId]: company },
      annotations: {
        ...metadata?.annotations,
        ...(reserved ? { [ANNOTATIONS.reserved]: "then" } : {}),
        ...(queued === undefined ? {} : { [ANNOTATIONS.queued]: queued }),
      },
    },
  };
}

const candidate = (name: string, age: number, more: Line = {}): Job =>
  inLine({ name, age, state: "candidate", ...more });
const started = (name: string, more: Line = {}): Job => inLine({ name, state: "started", ...more });

const turn = (me: Job, jobs: readonly Job[], bounds: JobsAtOnce, passedOver = nobody): Turn =>
  turnOf(me, jobsSeen(jobs, []), bounds, passedOver);

describe("what counts", () => {
  const countOf = (jobs: readonly Job[], pods: Parameters<typeof jobsSeen>[1] = []): number =>
    jobsSeen(jobs, pods).running.size;

  it.each([
    ["started", 1],
    ["stopping", 1],
    ["stopped", 0],
    ["complete", 0],
    ["failed", 0],
    ["collected", 0],
    ["leaving", 0],
    ["candidate", 0],
  ] as const)("a Job that is %s: %i", (state, count) => {
    expect(countOf([jobOf({ state })])).toBe(count);
  });

  it("the pod of a Job that was deleted, until its agent has ended, and each Job once", () => {
    expect(countOf([], [podOf({ owner: "gone" })])).toBe(1);
    expect(countOf([], [podOf({ owner: "gone", ended: true })])).toBe(0);
    expect(countOf([jobOf({ name: "one", state: "started" })], [podOf({ owner: "one", ending: false })])).toBe(1);
    expect(countOf([jobOf({ name: "one", state: "leaving" })], [podOf({ owner: "one" })])).toBe(1);
  });

  it("nothing of a Job that an operator has abandoned", () => {
    const job = jobOf({ name: "one", state: "started" });
    Object.assign(job.metadata?.annotations ?? {}, { [ANNOTATIONS.abandoned]: "true" });
    expect(countOf([job], [podOf({ owner: "one" })])).toBe(0);
  });
});

describe("whose turn it is", () => {
  it("that of who came first, and of as many as there is room for", () => {
    const line = [candidate("b", 2), candidate("a", 3), candidate("c", 1)];
    const bounds = { perNamespace: 2 };
    const kinds = line.map((job) => turn(job, [...line], bounds).kind);
    expect(kinds).toEqual(["next", "wait", "next"]);
    expect(turn(candidate("a", 3), line, bounds)).toMatchObject({
      full: { rule: "perNamespace", max: 2, taken: 2 },
      before: 0,
      expected: ["uid-of-c", "uid-of-b"],
    });
  });

  it("among those of one second, in the order of their uids, the same for all", () => {
    const line = [candidate("b", 1), candidate("a", 1)];
    expect(line.map((job) => turn(job, line, { perAgent: 1 }).kind)).toEqual(["wait", "next"]);
  });

  it("a later run's of another agent, where the earlier ones' own rule holds them back", () => {
    const ofA = (name: string, age: number) => candidate(name, age, { agentId: "A" });
    const jobs = [started("run", { agentId: "A" }), ofA("a", 1), ofA("b", 2), candidate("c", 3, { agentId: "C" })];
    const bounds = { perAgent: 1, perNamespace: 2 };
    expect(jobs.slice(1).map((job) => turn(job, jobs, bounds).kind)).toEqual(["wait", "wait", "next"]);
    expect(turn(ofA("b", 2), jobs, bounds)).toMatchObject({ full: { rule: "perAgent", max: 1, taken: 1 }, before: 1 });
  });

  it("each company's on its own", () => {
    const jobs = [
      started("run", { company: "A" }),
      candidate("a", 1, { company: "A" }),
      candidate("b", 2, { company: "B" }),
    ];
    expect(jobs.slice(1).map((job) => turn(job, jobs, { perCompany: 1 }).kind)).toEqual(["wait", "next"]);
  });

  it("by the place in line that a continued run had, not by its new Job's age", () => {
    const early = new Date(1_600_000_000_000).toISOString();
    const line = [candidate("a", 1), candidate("b", 9, { queued: early })];
    expect(line.map((job) => turn(job, line, { perNamespace: 1 }).kind)).toEqual(["wait", "next"]);
  });

  it("not that of one that was passed over, whose reservation counts all the same", () => {
    const line = [candidate("dead", 1), candidate("me", 2)];
    const [dead, me] = line as [Job, Job];
    expect(turn(me, line, { perNamespace: 1 }, new Set([uidOf(dead)])).kind).toBe("next");
    const reserved = [candidate("dead", 1, { reserved: true }), me];
    expect(turn(me, reserved, { perNamespace: 1 }, new Set([uidOf(dead)])).kind).toBe("wait");
  });

  it("everybody's without a bound", () => {
    const jobs = [started("a"), started("b"), candidate("c", 1)];
    expect(turn(candidate("c", 1), jobs, {}).kind).toBe("next");
  });
});

type Step = "line" | "reserved" | "decide" | "running" | "out";

interface Process {
  readonly step: Step;
  /** What its last list showed. */
  readonly seen: readonly Job[];
}

interface World {
  readonly agents: readonly string[];
  readonly bounds: JobsAtOnce;
  /** Whether each tries only when it is its turn; else at any time, as from a watch that is late. */
  readonly inOrder: boolean;
  readonly processes: readonly Process[];
  readonly jobs: ReadonlyMap<number, "candidate" | "reserved" | "started">;
}

/** `revoke`: somebody takes its reservation for abandoned. */
interface Move {
  readonly kind: "step" | "crash" | "revoke";
  readonly who: number;
}

function jobsIn({ agents, jobs }: World): Job[] {
  return [...jobs].map(([who, state]) => {
    const more = { agentId: agents[who] ?? "", age: 0 };
    return state === "started"
      ? started(`${who}`, more)
      : candidate(`${who}`, 0, { ...more, reserved: state === "reserved" });
  });
}

function move(world: World, { kind, who }: Move): World {
  const process = world.processes[who];
  const own = world.jobs.get(who);
  if (!process) return world;
  const become = (step: Step, state: typeof own = own, seen: readonly Job[] = []): World => {
    const jobs = new Map(world.jobs);
    if (state === undefined) jobs.delete(who);
    else jobs.set(who, state);
    return { ...world, processes: world.processes.with(who, { step, seen }), jobs };
  };
  if (kind === "crash") return process.step === "running" ? world : become("out");
  if (kind === "revoke") return own === "reserved" ? become(process.step, "candidate", process.seen) : world;
  switch (process.step) {
    case "line": {
      const me = jobsIn(world).find((job) => uidOf(job) === `uid-of-${who}`);
      const isNext = me && turn(me, jobsIn(world), world.bounds).kind === "next";
      return isNext || !world.inOrder ? become("reserved", "reserved") : world;
    }
    case "reserved":
      return become("decide", own, jobsIn(world));
    case "decide": {
      const me = process.seen.find((job) => uidOf(job) === `uid-of-${who}`);
      // Its list shows that it was revoked.
      if (!me?.metadata?.annotations?.[ANNOTATIONS.reserved]) return become("line");
      const decision = decideReservation(me, jobsSeen(process.seen, []), world.bounds);
      if (decision === "wait") return become("reserved");
      if (decision === "release") return become("line", "candidate");
      // The write that starts it holds only for the Job with its reservation.
      return own === "reserved" ? become("running", "started") : become("line");
    }
    case "running":
      return {
        ...world,
        processes: world.processes.with(who, { step: "out", seen: [] }),
        jobs: without(world.jobs, who),
      };
    case "out":
      return world;
  }
}

function without(jobs: World["jobs"], who: number): World["jobs"] {
  const rest = new Map(jobs);
  rest.delete(who);
  return rest;
}

const begin = (agents: readonly string[], bounds: JobsAtOnce, inOrder = false): World => ({
  agents,
  bounds,
  inOrder,
  processes: agents.map(() => ({ step: "line", seen: [] })),
  jobs: new Map(agents.map((_, who) => [who, "candidate" as const])),
});

function exceeds({ agents, bounds, jobs }: World): boolean {
  const running = [...jobs].flatMap(([who, state]) => (state === "started" ? [agents[who] ?? ""] : []));
  const most = Math.max(0, ...running.map((agent) => running.filter((other) => other === agent).length));
  return running.length > (bounds.perNamespace ?? Infinity) || most > (bounds.perAgent ?? Infinity);
}

const keyOf = ({ processes, jobs }: World): string =>
  JSON.stringify([
    processes.map(({ step, seen }) => [
      step,
      seen.map((job) => [uidOf(job), job.metadata?.annotations, job.spec?.suspend]),
    ]),
    [...jobs].toSorted(([a], [b]) => a - b),
  ]);

describe("candidates that reserve at once", () => {
  it("never run more than the bound: every interleaving of three on one place and on two, with crashes", () => {
    for (const perNamespace of [1, 2]) {
      const seen = new Set<string>();
      const open = [begin(["A", "B", "C"], { perNamespace })];
      for (let world = open.pop(); world; world = open.pop())
        for (const kind of ["step", "crash", "revoke"] as const)
          for (const who of [0, 1, 2]) {
            const next = move(world, { kind, who });
            const key = keyOf(next);
            if (seen.has(key)) continue;
            seen.add(key);
            if (exceeds(next)) throw new Error(key);
            open.push(next);
          }
      expect(seen.size).toBeGreaterThan(1000);
    }
  }, 120_000);

  const agents = fc.array(fc.constantFrom("A", "B"), { minLength: 2, maxLength: 7 });
  const bounds = fc.record({ perNamespace: fc.integer({ min: 1, max: 4 }), perAgent: fc.integer({ min: 1, max: 3 }) });

  it("never run more than any of several bounds, up to seven processes", () => {
    const kind = fc.constantFrom<Move["kind"]>("step", "step", "step", "step", "step", "crash", "revoke");
    const moves = fc.array(fc.record({ kind, who: fc.nat(6) }), { minLength: 20, maxLength: 150 });
    fc.assert(
      fc.property(agents, bounds, moves, (who, limits, steps) => {
        let world = begin(who, limits);
        for (const step of steps) {
          world = move(world, step);
          if (exceeds(world)) return false;
        }
        return true;
      }),
      { numRuns: cases(2000) },
    );
  });

  it("all run in the end when nobody crashes, whatever the order of their steps", () => {
    fc.assert(
      fc.property(agents, bounds, fc.infiniteStream(fc.nat(6)), (who, limits, order) => {
        let world = begin(who, limits, true);
        let steps = 0;
        for (; world.processes.some(({ step }) => step !== "out"); steps++) {
          if (steps > 2_000) throw new Error(`stuck: ${keyOf(world)}`);
          world = move(world, { kind: "step", who: (order.next().value ?? 0) % who.length });
        }
        return true;
      }),
      { numRuns: cases(1000) },
    );
  });
});
