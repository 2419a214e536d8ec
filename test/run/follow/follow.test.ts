import { describe, expect, test } from "vitest";
import { checkExactlyOnce } from "./exactly-once.ts";
import { SimulatedRun } from "./simulated-run.ts";

function check(run: SimulatedRun, report: Parameters<typeof checkExactlyOnce>[2]): void {
  const text = (lines: Buffer[]) => lines.map((line) => line.toString());
  checkExactlyOnce({ stdout: text(run.stdout), stderr: text(run.stderr) }, run.delivered, report);
}

describe("followTranscript", () => {
  test("delivers what was printed and proves it", async () => {
    const run = new SimulatedRun();
    const report = await run.follow(async () => {
      for (let i = 0; i < 50; i++) {
        run.print(i % 7 === 0 ? "stderr" : "stdout", Buffer.from(`line ${i} ${"x".repeat(i)}`));
        await run.clock.sleep(300);
      }
      await run.exit(700);
    });
    check(run, report);
    expect(report.transcript.state).toBe("complete");
    expect(report.streams).toBe(1);
  });

  test("names what a rotation took while the stream was down", async () => {
    const run = new SimulatedRun();
    run.node.faults.push({ after: 200, how: "cut" });
    run.node.refusals.push();
    const report = await run.follow(async () => {
      for (let i = 1; i <= 6; i++) run.print("stdout", Buffer.from(`line ${i}`));
      await run.clock.sleep(1);
      for (let i = 7; i <= 12; i++) run.print("stdout", Buffer.from(`line ${i}`));
      run.node.rotate();
      run.print("stdout", Buffer.from("after"));
      await run.clock.sleep(60_000);
      await run.exit(100);
    });
    check(run, report);
    expect(report.transcript.state).toBe("missing");
  });
});
