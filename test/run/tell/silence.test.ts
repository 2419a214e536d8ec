import { describe, expect, it } from "vitest";
import type { FeedHealth } from "../../../src/kubernetes/watch/resource-feed.ts";
import { createHost } from "../../../src/paperclip/host.ts";
import { createObservedRun } from "../../../src/run/observe/observed-run.ts";
import { consequenceOf, reportSilence } from "../../../src/run/tell/silence.ts";
import { ended, job, pod, RUN, RUNNING } from "../support/evidence.ts";

const MINUTE = 60_000;
const NO_LIMITS = { silenceLimitSec: 0, toolSilenceLimitSec: 0 };

/** A run whose agent works, a host with broken callbacks, and a clock that passes minute by minute. */
function setUp() {
  const told: { type: string | undefined; message: string | undefined }[] = [];
  const host = createHost({
    onLog: () => Promise.reject(new Error("the host's log is broken")),
    onEvent: ({ eventType, message }) => {
      told.push({ type: eventType, message });
      return Promise.reject(new Error("the host's events are broken"));
    },
  });
  let now = 0;
  let health: FeedHealth | undefined;
  let isAway = false;
  const seen = (): void => {
    if (!isAway) health = { state: "watching", since: 0, lastContactAt: now };
  };
  const sleepers: { at: number; wake: () => void }[] = [];
  const clock = {
    now: () => now,
    sleep: (ms: number) => new Promise<void>((wake) => sleepers.push({ at: now + ms, wake })),
  };
  const observed = createObservedRun(RUN);
  observed.add(job());
  observed.add(pod(RUNNING));
  const over = new AbortController();
  const { signal } = over;
  const silence = reportSilence({ host, observed, podsHealth: () => health, limits: NO_LIMITS, clock, signal });
  const pass = async (minutes: number): Promise<void> => {
    for (let minute = 0; minute < minutes; minute++) {
      now += MINUTE;
      seen();
      for (const sleeper of sleepers.splice(0)) sleeper.at <= now ? sleeper.wake() : sleepers.push(sleeper);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return {
    told,
    observed,
    silence,
    over,
    pass,
    goAway: (state: FeedHealth["state"]) => {
      isAway = true;
      health = { state, since: now, lastContactAt: now };
    },
    comeBack: () => {
      isAway = false;
    },
  };
}

it("26, 28, 31: a long silence shows life, whatever the host's callbacks do, and ends with the container", async () => {
  const { told, observed, silence, over, pass } = setUp();
  await pass(8);
  silence.lineArrived();
  await pass(8);
  expect(told).toEqual([]);
  await pass(12);
  expect(told.map(({ message }) => message)).toEqual([
    expect.stringContaining("has printed nothing for 10 minutes; its container is running. Nothing ends it"),
    expect.stringContaining("has printed nothing for 20 minutes"),
  ]);
  // Deleted on a node that is lost: nobody knows whether it runs.
  observed.add(pod(RUNNING, { deletionTimestamp: "2026-11-22T07:10:00Z" }));
  await pass(30);
  observed.add(ended(0));
  await pass(30);
  expect(told).toHaveLength(2);
  over.abort();
});

it.each(["disconnected", "watching"] as const)(
  "while the API server is away (%s, and nothing comes), the agent is not said to be running",
  async (state) => {
    const { told, over, pass, goAway, comeBack } = setUp();
    await pass(5);
    goAway(state);
    await pass(26);
    expect(told).toEqual([
      { type: "k8s.observation.unreachable", message: expect.stringContaining("has not answered since 00:05 UTC") },
      {
        type: "k8s.observation.unreachable",
        message: expect.stringContaining("is not known. Its Job does not need Paperclip"),
      },
      { type: "k8s.observation.unreachable", message: expect.not.stringContaining("printed nothing") },
    ]);
    comeBack();
    await pass(10);
    expect(told.at(-1)).toMatchObject({ type: "k8s.pod.silent", message: expect.stringContaining("for 40 minutes") });
    over.abort();
  },
);

describe("what will happen to a silent agent", () => {
  it.each([
    [0, 0, "Nothing ends it, because silenceLimitSec is 0: stop the run, or set a limit for the next one."],
    [1800, 1800, "It is ended after 30 minutes of silence, around 00:30 UTC (silenceLimitSec, toolSilenceLimitSec)."],
    [
      1800,
      3600,
      "It is ended after 30 minutes of silence, around 00:30 UTC (silenceLimitSec); during a tool call it is ended after 60 minutes of silence, around 01:00 UTC (toolSilenceLimitSec).",
    ],
    [
      1810,
      0,
      "It is ended after 1810 seconds of silence, around 00:30 UTC (silenceLimitSec); during a tool call nothing ends it (toolSilenceLimitSec is 0).",
    ],
    [
      0,
      3600,
      "Nothing ends it (silenceLimitSec is 0); during a tool call it is ended after 60 minutes of silence, around 01:00 UTC (toolSilenceLimitSec).",
    ],
  ])("limits of %i s and %i s during a tool call", (silenceLimitSec, toolSilenceLimitSec, sentence) => {
    expect(consequenceOf({ silenceLimitSec, toolSilenceLimitSec }, 0)).toBe(sentence);
  });
});
