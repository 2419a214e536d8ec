/** A model of contenders on one API server: every step of every process may come between any two of another. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elect } from "../../../src/run/claim/elect.ts";
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

interface World {
  readonly processes: readonly Process[];
  readonly jobs: readonly Stored[];
}

/** `crash` ends a process where it is; `reap` removes the Job of a crashed one that was never let go. */
type Move = { readonly kind: "step" | "crash" | "reap"; readonly who: number };

const names = (owner: number): string => `job-${owner}`;
const asJob = ({ owner, state }: Stored) => jobOf({ name: names(owner), runId: `run-${owner}`, state });

function move(world: World, { kind, who }: Move): World {
  const process = world.processes[who];
  if (!process) return world;
  const own = world.jobs.find(({ owner }) => owner === who);
  const others = world.jobs.filter(({ owner }) => owner !== who);
  const become = (step: Step, jobs: readonly Stored[] = world.jobs, seen: readonly Stored[] = []): World => ({
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
      const answer = elect({ name: names(who), uid: `uid-of-${names(who)}` }, process.seen.map(asJob));
      if (answer.kind === "wait") return become("list");
      if (answer.kind === "withdraw") return become("out", others);
      // What is gone cannot be let go.
      return own ? become("end", [...others, { owner: who, state: "started" }]) : become("out");
    }
    case "end":
      return become("out", [...others, { owner: who, state: "complete" }]);
    case "out":
      return world;
  }
}

const begin = (count: number): World => ({
  processes: Array.from({ length: count }, () => ({ step: "create", seen: [] })),
  jobs: [],
});
const running = ({ jobs }: World): number => jobs.filter(({ state }) => state === "started").length;

describe("contenders for one agent", () => {
  it("never let two Jobs go at once: every interleaving of three processes, with crashes", () => {
    const seen = new Set<string>();
    const open = [begin(3)];
    for (let world = open.pop(); world; world = open.pop()) {
      for (const kind of ["step", "crash", "reap"] as const)
        for (const who of [0, 1, 2]) {
          const next = move(world, { kind, who });
          const key = JSON.stringify(next);
          if (seen.has(key)) continue;
          seen.add(key);
          expect(running(next), key).toBeLessThanOrEqual(1);
          open.push(next);
        }
    }
    expect(seen.size).toBeGreaterThan(2000);
  });

  it("never let two Jobs go at once, up to seven processes", () => {
    const kind = fc.constantFrom<Move["kind"]>("step", "step", "step", "step", "step", "crash", "reap");
    const moves = fc.array(fc.record({ kind, who: fc.nat(6) }), { minLength: 20, maxLength: 120 });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 7 }), moves, (count, steps) => {
        let world = begin(count);
        for (const step of steps) {
          world = move(world, step);
          if (running(world) > 1) return false;
        }
        return true;
      }),
      { numRuns: 2000 },
    );
  });

  it("let exactly one go when nobody crashes and nobody comes late", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), fc.infiniteStream(fc.nat(5)), (count, order) => {
        // All are created before the first one ends; from then on any order.
        let world = begin(count);
        const started = new Set<number>();
        for (let steps = 0; world.processes.some(({ step }) => step !== "out" && step !== "end"); steps++) {
          if (steps > 100_000) throw new Error("nobody goes");
          const who = (order.next().value ?? 0) % count;
          if (world.processes[who]?.step === "end") continue;
          world = move(world, { kind: "step", who });
          for (const { owner, state } of world.jobs) if (state === "started") started.add(owner);
        }
        return started.size === 1;
      }),
    );
  });
});
