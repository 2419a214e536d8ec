import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RAW_LOG_MARK } from "../../../../src/runner/frame.ts";
import { cases } from "../../../support/thoroughness.ts";
import type { Fault } from "../simulated-node.ts";
import { SimulatedRun } from "../simulated-run.ts";

const text = fc.oneof(
  fc.constantFrom("", "same", "{}", "12|x", "é€😀"),
  fc.integer({ min: 0, max: 200 }).map((length) => "long€".repeat(length)),
);
const burst = fc.record({
  lines: fc.array(text, { minLength: 1, maxLength: 10 }),
  waitMs: fc.constantFrom(0, 1, 600, 1500, 30_000),
});
const fault: fc.Arbitrary<Fault> = fc.record({
  after: fc.nat(2000),
  how: fc.constantFrom("cut" as const, "cut" as const, "clean" as const, "text" as const),
});
const rawStory = fc.record({
  bursts: fc.array(burst, { maxLength: 10 }),
  faults: fc.array(fault, { maxLength: 6 }),
  ties: fc.boolean(),
  rotateAt: fc.option(fc.nat(9)),
});

type RawStory = typeof rawStory extends fc.Arbitrary<infer T> ? T : never;

async function tell(told: RawStory, mark: boolean) {
  const run = new SimulatedRun({ raw: true });
  // An answer that ends cleanly too early cannot be told from a whole one here: no seal counts the lines.
  let early = 1;
  run.node.faults.push(...told.faults.filter((next) => next.how !== "clean" || early-- > 0));
  if (told.ties) run.node.tieStamps();
  const report = await run.follow(async () => {
    if (mark) run.node.write(Buffer.from(RAW_LOG_MARK));
    for (const [at, { lines, waitMs }] of told.bursts.entries()) {
      for (const line of lines) run.print("stdout", Buffer.from(line));
      if (told.rotateAt === at) run.node.rotate();
      await run.clock.sleep(waitMs);
    }
    await run.exit(500);
  });
  return { run, report, got: run.delivered.stdout.split("\n").slice(0, -1), printed: run.stdout.map(String) };
}

describe("a log without numbers", () => {
  test("arrives once and in order while no rotation takes lines", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(rawStory, async (told) => {
        const { report, got, printed } = await tell({ ...told, rotateAt: null }, true);
        expect(got).toEqual(printed);
        expect(report.transcript).toMatchObject({ state: "unproven", lines: printed.length });
      }),
      { numRuns: cases(800) },
    );
  });

  test("a place where rotation may have taken lines is told, and none comes twice", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(rawStory, async (told) => {
        const numbered = told.bursts.map(({ lines, waitMs }, at) => ({
          waitMs,
          lines: lines.map((line, i) => `${at}.${i} ${line}`),
        }));
        const { run, report, got, printed } = await tell({ ...told, bursts: numbered }, true);
        const lines = got.filter((line) => !line.startsWith("[paperclip]"));
        expect(lines).toEqual(printed.filter((line) => lines.includes(line)));
        expect(report.transcript.state).toBe("unproven");
        const lastMissing = printed.length > 0 && !lines.includes(printed.at(-1) ?? "");
        const suspected = run.events.some((event) => event.type === "suspicion");
        // Lines lost at the very end, with nothing behind them, leave no trace: that is what `unproven` says.
        if (lines.length < printed.length && lines.length > 0 && !lastMissing && lines[0] === printed[0])
          expect(suspected).toBe(true);
      }),
      { numRuns: cases(800) },
    );
  });

  test("answers without a byte at the end are not believed at once", async () => {
    const run = new SimulatedRun({ raw: true });
    run.node.faults.push({ after: 0, how: "cut" });
    for (let at = 0; at < 5; at++) run.node.faults.push({ after: 0, how: "clean" });
    await run.follow(async () => {
      for (let at = 1; at <= 5; at++) run.print("stdout", Buffer.from(`line ${at}`));
      await run.exit();
    });
    expect(run.delivered.stdout).toBe("line 1\nline 2\nline 3\nline 4\nline 5\n");
  });

  test("is known by its mark, even when its first line looks like a frame", async () => {
    const run = new SimulatedRun({ raw: true });
    const report = await run.follow(async () => {
      run.node.write(Buffer.from(RAW_LOG_MARK));
      for (const line of ["1|not a frame", "e1|neither"]) run.print("stdout", Buffer.from(line));
      await run.exit();
    });
    expect(run.delivered.stdout).toBe("1|not a frame\ne1|neither\n");
    expect(report.mode).toBe("raw");
  });
});
