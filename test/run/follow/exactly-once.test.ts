import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cases } from "../../support/thoroughness.ts";
import { checkExactlyOnce } from "./exactly-once.ts";
import type { Fault } from "./simulated-node.ts";
import { SimulatedRun } from "./simulated-run.ts";

/** One thing that happens while the agent runs. */
type Step =
  | { readonly do: "print"; readonly channel: "stdout" | "stderr"; readonly lines: readonly string[] }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "rotate"; readonly inFlight: number }
  | { readonly do: "step-clock"; readonly ms: number };

interface Story {
  readonly steps: readonly Step[];
  readonly faults: readonly Fault[];
  readonly refusals: readonly { readonly kind: "failed" | "not-yet"; readonly retryAfterMs?: number }[];
  readonly chunkBytes: number;
  readonly ties: boolean;
  readonly newline: boolean;
  readonly lateMs: number;
  readonly vanishes: boolean;
  readonly jitter: number;
}

const line = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("", "a", "same", '{"type":"assistant"}', "é€😀", "12|x", "e3|", "\r") },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.constantFrom("a", "|", "é", "€", "😀", "7", "\u0000"), { maxLength: 60 })
      .map((parts) => parts.join("")),
  },
  { weight: 1, arbitrary: fc.integer({ min: 100, max: 500 }).map((length) => "long€".repeat(length / 5)) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("print" as const),
      channel: fc.constantFrom("stdout" as const, "stdout" as const, "stderr" as const),
      lines: fc.array(line, { minLength: 1, maxLength: 12 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(0, 1, 3, 40, 700, 2500, 30_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("rotate" as const), inFlight: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("step-clock" as const), ms: fc.integer({ min: -20_000, max: 5000 }) }),
  },
);
const fault: fc.Arbitrary<Fault> = fc.record({
  after: fc.nat(1500),
  how: fc.constantFrom("cut" as const, "cut" as const, "clean" as const, "text" as const, "stall" as const),
});
const story: fc.Arbitrary<Story> = fc.record({
  steps: fc.array(step, { maxLength: 14 }),
  faults: fc.array(fault, { maxLength: 10 }),
  refusals: fc.array(
    fc.constantFrom(
      { kind: "failed" as const },
      { kind: "failed" as const, retryAfterMs: 2000 },
      { kind: "not-yet" as const },
    ),
    { maxLength: 3 },
  ),
  chunkBytes: fc.oneof(
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }) },
    { weight: 4, arbitrary: fc.integer({ min: 40, max: 900 }) },
  ),
  ties: fc.boolean(),
  newline: fc.boolean(),
  lateMs: fc.constantFrom(0, 200, 1500),
  vanishes: fc.boolean(),
  jitter: fc.nat(999),
});

/** Numbers in [0, 1), the same for the same seed. */
function sequence(seed: number): () => number {
  let state = seed * 2 + 1;
  return () => {
    state = (Math.imul(state, 48271) >>> 0) % 2147483647;
    return state / 2147483647;
  };
}

async function play(run: SimulatedRun, told: Story): Promise<void> {
  for (const next of told.steps) {
    switch (next.do) {
      case "print":
        for (const text of next.lines) run.print(next.channel, Buffer.from(text));
        break;
      case "wait":
        await run.clock.sleep(next.ms);
        break;
      case "rotate":
        run.node.rotate(next.inFlight);
        break;
      case "step-clock":
        run.node.stepClock(next.ms);
        break;
    }
  }
  await run.exit(told.lateMs, told.newline);
}

async function tell(told: Story, options: ConstructorParameters<typeof SimulatedRun>[0] = {}) {
  const run = new SimulatedRun({ ...options, random: sequence(told.jitter) });
  run.node.faults.push(...told.faults);
  run.node.refusals.push(...told.refusals);
  run.node.chunkBytes = told.chunkBytes;
  if (told.ties) run.node.tieStamps();
  const report = await run.follow((it) => play(it, told));
  const text = (lines: readonly Buffer[]) => lines.map((bytes) => bytes.toString());
  checkExactlyOnce({ stdout: text(run.stdout), stderr: text(run.stderr) }, run.delivered, report);
  const gaps = report.transcript.state === "missing" ? report.transcript.gaps : [];
  const lost = ({ channel, number }: { channel: string; number: number }) =>
    gaps.some((gap) => gap.channel === channel && gap.from <= number && number <= gap.to);
  const kept = run.printedOrder.filter((printed) => {
    const [channel = "", number] = printed.split(" ", 2);
    return !lost({ channel, number: Number(number) });
  });
  // Both channels in one order, that of the log; where lines came late (lost with a file, withheld by a clock that
  // stepped back), the numbers of each channel are all there is to go by.
  const plain = told.steps.every((next) => next.do === "print" || next.do === "wait");
  if (plain) expect(run.deliveredOrder).toEqual(kept.map((printed) => printed.replace(/ \d+/, "")));
  return { run, report };
}

/** A body that ends cleanly too early looks like a whole one: it is asked for again so many times and no more. */
function earlyEnds(faults: readonly Fault[], most: number): Fault[] {
  const left = { clean: most, stall: 3, cut: 10, text: 10, drip: 0, unfollowed: 0 };
  return faults.filter((next) => left[next.how]-- > 0);
}

function withoutRotation(told: Story, earlyEndsAtMost: number): Story {
  const steps = told.steps.filter((next) => next.do !== "rotate");
  return { ...told, steps, faults: earlyEnds(told.faults, earlyEndsAtMost) };
}

const RUNS = { numRuns: Number(process.env.FOLLOW_RUNS ?? cases(2000)) };

describe("exactly once, or the exact gap", () => {
  test("whatever the log API does", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(story, async (told) => {
        const { report } = await tell(told);
        expect(report.transcript.state).not.toBe("unproven");
      }),
      RUNS,
    );
  });

  test("nothing is missing while no rotation takes it", { timeout: 120_000 }, async () => {
    const still = story.map((told) => withoutRotation(told, 5));
    await fc.assert(
      fc.asyncProperty(still, async (told) => {
        const { report } = await tell(told);
        expect(report.transcript.state).toBe("complete");
      }),
      RUNS,
    );
  });

  test("the runner's own file fills what rotation takes", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(story, async (told) => {
        const { report } = await tell(told, { withFile: true });
        expect(report.transcript.state).toBe("complete");
      }),
      RUNS,
    );
  });

  test("the copy in the pod fills what rotation takes, if the pod lives until that is seen", {
    timeout: 120_000,
  }, async () => {
    const lives = fc.record({ told: story, breaks: fc.constantFrom(0, 0.02) }).map(({ told, breaks }) => {
      const last: Step[] = [
        // A channel's gap shows with its next line.
        { do: "print", channel: "stdout", lines: ["the last"] },
        { do: "print", channel: "stderr", lines: ["the last"] },
        { do: "wait", ms: 180_000 },
      ];
      return { told: { ...told, steps: [...told.steps, ...last], faults: earlyEnds(told.faults, 5) }, breaks };
    });
    await fc.assert(
      fc.asyncProperty(lives, async ({ told, breaks }) => {
        const { report } = await tell(told, {
          podCopy: { bytes: Number.POSITIVE_INFINITY, breaks },
          // A dead stream is found out in time.
          limits: { silenceMs: 20_000 },
        });
        expect(report.transcript.state).toBe("complete");
      }),
      // Each is three minutes long.
      { numRuns: Math.ceil(RUNS.numRuns / 4) },
    );
  });

  test("a copy that is too small, or cannot be read, leaves the exact gap", { timeout: 120_000 }, async () => {
    const poor = fc.record({ told: story, bytes: fc.nat(1500), breaks: fc.constantFrom(0, 0.1, 0.6, 1) });
    await fc.assert(
      fc.asyncProperty(poor, async ({ told, ...podCopy }) => {
        const { report } = await tell(told, { podCopy });
        expect(report.transcript.state).not.toBe("unproven");
      }),
      RUNS,
    );
  });

  test("a runner that was killed leaves no proof, and no lie", { timeout: 120_000 }, async () => {
    const still = story.map((told) => withoutRotation(told, 2));
    await fc.assert(
      fc.asyncProperty(still, async (told) => {
        const { report } = await tell(told, { seal: false });
        expect(report.transcript.state).toBe("unproven");
      }),
      RUNS,
    );
  });
});
