/** A model of candidates on one API server: every step of every process may come between any two of another. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elect } from "../../../src/run/claim/elect.ts";
import { cases } from "../../support/thoroughness.ts";
import { jobOf } from "./jobs.ts";

type Step = "create" | "list" | "act" | "end" | "out";

interface Process {
  readonly step: Step;
  /** What its last list showed. */
  readonly seen: readonly Stored[];
}

/** A Job as the server has it; absent when gone. */
interface Stored {
  readonly owner: number;
  readonly state: "candidate" | "started" | "complete";
}

/** What a process's run is about: two of one task, or in one session, exclude each other. */
interface Asks {
  readonly task: string | null;
  readonly session: string | null;
}

interface World {
  readonly runs: readonly Asks[];
  readonly processes: readonly Process[];
  readonly jobs: readonly Stored[];
}

/** `crash` ends a process where it is; `reap` removes the Job of a crashed one that was never unsuspended. */
type Move = { readonly kind: "step" | "crash" | "reap"; readonly who: number };

const names = (owner: number): string => `job-${owner}`;
const ONE_SLOT: Asks = { task: "task", session: null };

function asJob(runs: readonly Asks[], { owner, state }: Stored) {
  const { task, session } = runs[owner] ?? ONE_SLOT;
  const more = session === null ? {} : { sessionId: session };
  return jobOf({ name: names(owner), runId: `run-${owner}`, state, taskId: task, ...more });
}

const exclude = (one: Asks, other: Asks): boolean =>
  one.task === other.task || (one.session !== null && one.session === other.session);

function move(world: World, { kind, who }: Move): World {
  const process = world.processes[who];
  if (!process) return world;
  const own = world.jobs.find(({ owner }) => owner === who);
  const others = world.jobs.filter(({ owner }) => owner !== who);
  const become = (step: Step, jobs: readonly Stored[] = world.jobs, seen: readonly Stored[] = []): World => ({
    ...world,
    processes: world.processes.with(who, { step, seen }),
    jobs,
  });
  if (kind === "crash") return become("out");
  if (kind === "reap") return process.step === "out" && own?.state === "candidate" ? { ...world, jobs: others } : world;
  switch (process.step) {
    case "create":
      return become("list", [...others, { owner: who, state: "candidate" }]);
    case "list":
      return become("act", world.jobs, world.jobs);
    case "act": {
      const { task, session } = world.runs[who] ?? ONE_SLOT;
      const me = { name: names(who), uid: `uid-of-${names(who)}`, agentId: "agent", taskId: task, sessionId: session };
      const seen = process.seen.map((job) => asJob(world.runs, job));
      const answer = elect(me, seen);
      if (answer.kind === "wait") return become("list");
      if (answer.kind === "withdraw") return become("out", others);
      // What is gone cannot be started.
      return own ? become("end", [...others, { owner: who, state: "started" }]) : become("out");
    }
    case "end":
      return become("out", [...others, { owner: who, state: "complete" }]);
    case "out":
      return world;
  }
}

const begin = (runs: readonly Asks[]): World => ({
  runs,
  processes: runs.map(() => ({ step: "create", seen: [] })),
  jobs: [],
});
const oneSlot = (count: number): World => begin(Array.from({ length: count }, () => ONE_SLOT));

/** True when two agents work that exclude each other. */
function collides({ runs, jobs }: World): boolean {
  const started = jobs.filter(({ state }) => state === "started").map(({ owner }) => runs[owner] ?? ONE_SLOT);
  return started.some((one, index) => started.slice(index + 1).some((other) => exclude(one, other)));
}

/** All worlds that can come of this one. */
function* reachable(from: World): Generator<World> {
  const seen = new Set<string>();
  const open = [from];
  for (let world = open.pop(); world; world = open.pop())
    for (const kind of ["step", "crash", "reap"] as const)
      for (const who of from.runs.keys()) {
        const next = move(world, { kind, who });
        const key = JSON.stringify([next.processes, next.jobs]);
        if (seen.has(key)) continue;
        seen.add(key);
        yield next;
        open.push(next);
      }
}

describe("candidates of one slot", () => {
  it("never start both: every interleaving of three processes, with crashes", () => {
    let count = 0;
    for (const world of reachable(oneSlot(3))) {
      count++;
      if (collides(world)) throw new Error(JSON.stringify(world));
    }
    expect(count).toBeGreaterThan(2000);
  });

  it("never start both, up to seven processes", () => {
    const kind = fc.constantFrom<Move["kind"]>("step", "step", "step", "step", "step", "crash", "reap");
    const moves = fc.array(fc.record({ kind, who: fc.nat(6) }), { minLength: 20, maxLength: 120 });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 7 }), moves, (count, steps) => {
        let world = oneSlot(count);
        for (const step of steps) {
          world = move(world, step);
          if (collides(world)) return false;
        }
        return true;
      }),
      { numRuns: cases(2000) },
    );
  });

  it("start exactly one when nobody crashes and nobody comes late", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), fc.infiniteStream(fc.nat(5)), (count, order) => {
        expect(electedOf(oneSlot(count), order)).toHaveLength(1);
      }),
    );
  });
});

describe("candidates of several slots and sessions", () => {
  const asks = fc.record({ task: fc.constantFrom("a", "b", "c", null), session: fc.constantFrom("S", "T", null) });

  it("never start two that exclude each other: every interleaving of a chain of three, with crashes", () => {
    // The first and the last have nothing in common; the one between excludes both.
    const chain = [
      { task: "a", session: "S" },
      { task: "b", session: "S" },
      { task: "b", session: null },
    ];
    for (const runs of [chain, [chain[1], chain[0], chain[2]], [chain[2], chain[0], chain[1]]] as Asks[][])
      for (const world of reachable(begin(runs))) if (collides(world)) throw new Error(JSON.stringify(world));
  });

  it("never start two that exclude each other, up to seven processes", () => {
    const kind = fc.constantFrom<Move["kind"]>("step", "step", "step", "step", "step", "crash", "reap");
    const moves = fc.array(fc.record({ kind, who: fc.nat(6) }), { minLength: 20, maxLength: 120 });
    fc.assert(
      fc.property(fc.array(asks, { minLength: 2, maxLength: 7 }), moves, (runs, steps) => {
        let world = begin(runs);
        for (const step of steps) {
          world = move(world, step);
          if (collides(world)) return false;
        }
        return true;
      }),
      { numRuns: cases(2000) },
    );
  });

  it("start all that exclude nobody, and at least one of each group of others", () => {
    const runs = fc.array(asks, { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(runs, fc.infiniteStream(fc.nat(5)), (asking, order) => {
        const elected = electedOf(begin(asking), order);
        expect(elected).not.toEqual([]);
        for (const [who, one] of asking.entries()) {
          const rivals = asking.filter((other, index) => index !== who && exclude(one, other));
          if (rivals.length === 0) expect(elected).toContain(who);
        }
      }),
    );
  });
});

/** Who starts when all are created before the first one ends; from then on any order. */
function electedOf(from: World, order: fc.Stream<number>): number[] {
  let world = from;
  const started = new Set<number>();
  for (let steps = 0; world.processes.some(({ step }) => step !== "out" && step !== "end"); steps++) {
    if (steps > 100_000) throw new Error("nobody starts");
    const who = (order.next().value ?? 0) % from.runs.length;
    if (world.processes[who]?.step === "end") continue;
    world = move(world, { kind: "step", who });
    for (const { owner, state } of world.jobs) if (state === "started") started.add(owner);
  }
  return [...started];
}
