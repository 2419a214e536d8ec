import type { Job } from "kubernetes-types/batch/v1";
import { describe, expect, it } from "vitest";
import { jobsSeen, turnOf, uidOf } from "../../../../src/run/claim/turn/order.ts";
import { TurnStalls } from "../../../../src/run/claim/turn/stalls.ts";
import { ANNOTATIONS } from "../../../../src/run/shared/names.ts";
import { jobOf } from "../jobs.ts";

const candidate = (name: string, age = 0): Job => jobOf({ name, age, state: "candidate" });

function reserved(job: Job, at: string): Job {
  const { metadata } = job;
  const annotations = { ...metadata?.annotations, [ANNOTATIONS.reserved]: at };
  return { ...job, metadata: { ...metadata, annotations } };
}

/** When it is the last one's turn, deciding each time only when told to. */
function turnOfLast(dead: readonly Job[], me: Job): number {
  const stalls = new TurnStalls();
  for (let now = 0, rounds = 0; rounds < 1000; rounds++) {
    const turn = turnOf(me, jobsSeen([...dead, me], []), { perNamespace: 1 }, stalls.passedOver);
    const { hasPassedOver, dueAt } = stalls.look(now, turn.expected, [...dead, me]);
    if (turn.kind === "next") return now;
    if (hasPassedOver) continue;
    // Nothing changes any more: who is not told when to decide again would wait for ever.
    expect(dueAt).toBeGreaterThan(now);
    now = dueAt;
  }
  throw new Error("its turn never comes");
}

describe("candidates whose processes are gone", () => {
  it("are passed over after 15 s, without any change in the cluster", () => {
    expect(turnOfLast([candidate("dead", 1)], candidate("me", 2))).toBe(15_000);
  });

  it("do not add up: of the ones after the first each costs 2 s", () => {
    const dead = Array.from({ length: 20 }, (_, age) => candidate(`dead-${age}`, age));
    expect(turnOfLast(dead, candidate("me", 30))).toBe(15_000 + 19 * 2_000);
  });

  it("are remembered: the next free place waits for none of them", () => {
    const stalls = new TurnStalls();
    const dead = candidate("dead");
    stalls.look(0, [uidOf(dead)], [dead]);
    expect(stalls.look(15_000, [uidOf(dead)], [dead]).hasPassedOver).toBe(true);
    stalls.look(60_000, [], [dead]);
    expect(stalls.passedOver).toEqual(new Set([uidOf(dead)]));
  });

  it("are expected again when they reserve after all, and forgotten when they are gone", () => {
    for (const later of [[reserved(candidate("late"), "then")], []]) {
      const stalls = new TurnStalls();
      const late = candidate("late");
      stalls.look(0, [uidOf(late)], [late]);
      stalls.look(15_000, [uidOf(late)], [late]);
      stalls.look(16_000, [], later);
      expect(stalls.passedOver.size).toBe(0);
    }
  });

  it("have their full time again once somebody has taken the place", () => {
    const stalls = new TurnStalls();
    const [first, second] = [candidate("first", 1), candidate("second", 2)];
    stalls.look(0, [uidOf(first)], [first, second]);
    stalls.look(15_000, [uidOf(first)], [first, second]);
    stalls.look(15_500, [], [first, reserved(second, "then")]);
    const third = candidate("third", 3);
    expect(stalls.look(20_000, [uidOf(third)], [first, third])).toMatchObject({ hasPassedOver: false, dueAt: 35_000 });
  });
});

describe("a reservation", () => {
  it("is to be revoked 60 s after it was first seen, and at each look from then on", () => {
    const stalls = new TurnStalls();
    const held = reserved(candidate("held"), "then");
    expect(stalls.look(1_000, [], [held])).toEqual({ hasPassedOver: false, stale: [], dueAt: 61_000 });
    expect(stalls.look(60_999, [], [held]).stale).toEqual([]);
    expect(stalls.look(61_000, [], [held]).stale).toEqual([held]);
    expect(stalls.look(90_000, [], [held]).stale).toEqual([held]);
  });

  it("that was renewed has its full time again", () => {
    const stalls = new TurnStalls();
    const held = candidate("held");
    stalls.look(0, [], [reserved(held, "then")]);
    expect(stalls.look(60_000, [], [reserved(held, "later")])).toMatchObject({ stale: [], dueAt: 120_000 });
  });

  it("leaves nobody to be waited for when there is none", () => {
    expect(new TurnStalls().look(0, [], [candidate("a")]).dueAt).toBe(Number.POSITIVE_INFINITY);
  });
});
