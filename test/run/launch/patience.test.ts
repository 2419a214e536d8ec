/** Which limit counts from when: a pod's own time begins when no queue has its Job. */
import { expect, it } from "vitest";
import { PatienceClock } from "../../../src/run/launch/patience.ts";
import type { Patience, Waiting } from "../../../src/run/observe/observe.ts";

const waiting = (state: Waiting["state"], patience: Patience): Waiting => ({
  ...{ state, patience },
  ...{ reason: "", message: "", fix: null },
});
const QUEUED = waiting("queued", "queue");
const PENDING = waiting("unscheduled", "time");
const MISSING = waiting("queued", "missing-object");
const HOUR = 3_600_000;

it("podStartTimeoutSec counts from admission, each time", () => {
  const clock = new PatienceClock(0, { podStartTimeoutSec: 900, queueTimeoutSec: 0 });
  for (const begin of [0, 10 * HOUR]) {
    expect(clock.isOver(QUEUED, begin)).toBe(false);
    expect(clock.isOver(QUEUED, begin + 5 * HOUR)).toBe(false);
    expect(clock.isOver(PENDING, begin + 5 * HOUR)).toBe(false);
    expect(clock.isOver(PENDING, begin + 5 * HOUR + 899_000)).toBe(false);
    expect(clock.isOver(PENDING, begin + 5 * HOUR + 900_000)).toBe(true);
  }
});

it("queueTimeoutSec bounds the queue alone, and 0 does not", () => {
  const clock = new PatienceClock(0, { podStartTimeoutSec: 1, queueTimeoutSec: 60 });
  expect(clock.isOver(QUEUED, 1000)).toBe(false);
  expect(clock.isOver(QUEUED, 60_999)).toBe(false);
  expect(clock.isOver(QUEUED, 61_000)).toBe(true);
});

it("a queue that is not there gets two minutes, and no more than podStartTimeoutSec, from when that is known", () => {
  const clock = new PatienceClock(0, { podStartTimeoutSec: 900, queueTimeoutSec: 0 });
  expect(clock.isOver(QUEUED, 0)).toBe(false);
  expect(clock.isOver(MISSING, HOUR)).toBe(false);
  expect(clock.isOver(MISSING, HOUR + 119_000)).toBe(false);
  expect(clock.isOver(MISSING, HOUR + 120_000)).toBe(true);
  const shorter = new PatienceClock(0, { podStartTimeoutSec: 10, queueTimeoutSec: 0 });
  expect(shorter.isOver(MISSING, HOUR)).toBe(false);
  expect(shorter.isOver(MISSING, HOUR + 10_000)).toBe(true);
});
