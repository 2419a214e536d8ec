import { describe, expect, test } from "vitest";
import { SimulatedRun } from "./simulated-run.ts";
import { check, print } from "./story.ts";

const MINUTE = 60_000;

describe("when lines are missing at the end", () => {
  test.each([
    ["an API server that knows no roles yet", "refused", 403],
    ["a kubelet that knows no pods yet", "gone", 404],
    ["a gateway's page", "refused", 302],
  ] as const)("the refusal of %s is waited out", async (_, kind, status) => {
    const run = new SimulatedRun();
    run.node.faults.push({ after: 70, how: "cut" });
    const report = await run.follow(async () => {
      print(run, 1, 5);
      for (let at = 0; at < 10; at++) run.node.refusals.push({ kind, status });
      await run.exit();
    });
    check(run, report);
    expect(report.transcript.state).toBe("complete");
  });

  test.each([
    ["the right to read it is missing", { kind: "refused", status: 403 }, 40_000],
    ["the kubelet has no log of the container", { kind: "refused", status: 400 }, 5000],
  ] as const)("and %s, nobody waits for long", async (_, refusal, mostMs) => {
    const run = new SimulatedRun();
    for (let at = 0; at < 200; at++) run.node.refusals.push(refusal);
    let endedAt = 0;
    const report = await run.follow(async () => {
      print(run, 1, 5);
      endedAt = run.clock.now();
      await run.exit();
    });
    expect(run.clock.now() - endedAt).toBeLessThan(mostMs);
    expect(report.transcript).toMatchObject({ state: "missing", gaps: [{ from: 1, to: 5 }] });
  });

  test.each(["failed", "not-yet"] as const)(
    "and the pod is gone, an API that says %s is not waited for",
    async (kind) => {
      const run = new SimulatedRun();
      run.node.faults.push({ after: 70, how: "cut" });
      let goneAt = 0;
      const report = await run.follow(async () => {
        print(run, 1, 5);
        await run.clock.sleep(1);
        for (let at = 0; at < 200; at++) run.node.refusals.push({ kind });
        await run.exit();
        run.become("gone");
        goneAt = run.clock.now();
      });
      expect(run.clock.now() - goneAt).toBeLessThan(10_000);
      expect(report.transcript).toMatchObject({ state: "missing" });
    },
  );

  test("an answer whose first byte takes half a minute is got all the same", async () => {
    const run = new SimulatedRun();
    run.node.delayMs = 30_000;
    const report = await run.follow(async () => {
      print(run, 1, 5);
      await run.exit();
    });
    check(run, report);
    expect(report.transcript.state).toBe("complete");
  });

  test("a stream that drips for ever is left after a quarter of an hour", async () => {
    const run = new SimulatedRun();
    run.node.faults.push({ after: 70, how: "drip" }, { after: 70, how: "drip" });
    let endedAt = 0;
    const report = await run.follow(async () => {
      print(run, 1, 5);
      await run.clock.sleep(1);
      await run.exit();
      endedAt = run.clock.now();
    });
    check(run, report);
    expect(run.clock.now() - endedAt).toBeLessThan(16 * MINUTE);
    expect(report.transcript.state).toBe("complete");
  });
});
