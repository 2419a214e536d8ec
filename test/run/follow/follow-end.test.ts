import { describe, expect, test } from "vitest";
import { SimulatedRun } from "./simulated-run.ts";
import { check, print } from "./story.ts";

const MINUTE = 60_000;

test("a container whose end the cluster tells late, as where a thousand end at once, is asked for its log a few times", async () => {
  const run = new SimulatedRun();
  let toldAt = 0;
  const report = await run.follow(async () => {
    print(run, 1, 5);
    await run.exit(18_000);
    toldAt = run.clock.now();
  });
  check(run, report);
  expect(report.transcript.state).toBe("complete");
  // By the growing waits of a stream that breaks there were eight.
  expect(report.streams).toBeLessThanOrEqual(5);
  expect(run.clock.now() - toldAt).toBeLessThan(1000);
});

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

  test.each(["dead", "refusing"] as const)("a log that is %s for the whole run is not waited for", async (how) => {
    const run = new SimulatedRun();
    run.node.unreachable = how === "dead";
    for (let at = 0; at < 5000; at++) run.node.refusals.push({ kind: "failed" });
    let endedAt = 0;
    const report = await run.follow(async () => {
      print(run, 1, 5);
      print(run, 1, 2, "stderr");
      await run.clock.sleep(2 * MINUTE);
      endedAt = run.clock.now();
      await run.exit();
    });
    check(run, report);
    expect(run.clock.now() - endedAt).toBeLessThan(25_000);
    const why = expect.stringMatching(/^the log could not be read: (no answer within 30 s|the server is busy)/);
    expect(report.unread).toMatch(/no answer|busy/);
    expect(report.transcript).toMatchObject({
      state: "missing",
      lines: 0,
      gaps: [
        { channel: "stdout", from: 1, to: 5, cause: "lost", why },
        { channel: "stderr", from: 1, to: 2, cause: "lost", why },
      ],
    });
  });

  test("and without a seal the report says that nobody could read it, not that nothing was said", async () => {
    const [unread, silent] = [new SimulatedRun({ seal: false }), new SimulatedRun({ seal: false })];
    unread.node.unreachable = true;
    const reports = [];
    for (const run of [unread, silent]) reports.push(await run.follow(async () => void (await run.exit())));
    expect(reports).toMatchObject([
      {
        unread: "it did not answer",
        transcript: { state: "unproven", why: expect.stringContaining("not be read") },
      },
      { unread: null, transcript: { state: "unproven", why: expect.stringContaining("no seal") } },
    ]);
  });

  test("a log that nobody could read is complete when the seal counts no line", async () => {
    const run = new SimulatedRun();
    run.node.unreachable = true;
    const report = await run.follow(async () => void (await run.exit()));
    expect(report).toMatchObject({ unread: null, transcript: { state: "complete", lines: 0 } });
  });

  test("the runner's own file is read first where the log was dead for the whole run", async () => {
    const run = new SimulatedRun({ withFile: true });
    run.node.unreachable = true;
    let endedAt = 0;
    const report = await run.follow(async () => {
      print(run, 1, 5);
      await run.clock.sleep(MINUTE);
      endedAt = run.clock.now();
      await run.exit();
    });
    check(run, report);
    expect(run.clock.now() - endedAt).toBeLessThan(5000);
    expect(report).toMatchObject({ unread: null, transcript: { state: "complete", lines: 5 } });
  });

  test("a dead log that comes back in time is read to its end, however slowly", async () => {
    const run = new SimulatedRun();
    for (let at = 0; at < 5000; at++) run.node.refusals.push({ kind: "failed" });
    const report = await run.follow(async () => {
      print(run, 1, 5);
      await run.clock.sleep(MINUTE);
      await run.exit();
      await run.clock.sleep(10_000);
      run.node.refusals.length = 0;
      run.node.delayMs = 14_000;
    });
    check(run, report);
    expect(report.transcript.state).toBe("complete");
  });

  test("the log of an evicted pod is not asked for again and again", async () => {
    const run = new SimulatedRun();
    run.node.faults.push({ after: 70, how: "cut" });
    let endedAt = 0;
    const report = await run.follow(async () => {
      print(run, 1, 5);
      await run.clock.sleep(10);
      run.node.removed = true;
      run.node.end();
      await run.exit();
      run.become("evicted");
      endedAt = run.clock.now();
    });
    check(run, report);
    expect(run.clock.now() - endedAt).toBeLessThan(5000);
    expect(report).toMatchObject({ unread: null, transcript: { state: "missing", lines: 1 } });
    expect(run.delivered.stdout).toContain("4 lines missing: 2–5 (the node evicted the pod and removed its log");
  });

  test("the log of a pod whose node shuts down is not waited for after the node has gone", async () => {
    const run = new SimulatedRun();
    run.node.faults.push({ after: 70, how: "stall" });
    let endedAt = 0;
    const report = await run.follow(async () => {
      print(run, 1, 5);
      await run.clock.sleep(10);
      for (let at = 0; at < 5000; at++) run.node.refusals.push({ kind: "failed" });
      run.node.end();
      await run.exit();
      run.become("left");
      endedAt = run.clock.now();
    });
    check(run, report);
    expect(run.clock.now() - endedAt).toBeLessThan(30_000);
    expect(report).toMatchObject({ unread: null, transcript: { state: "missing", lines: 1 } });
    expect(run.delivered.stdout).toContain("4 lines missing: 2–5 (the node shut down before they were read)");
  });

  test("the log of a container that the node has removed is asked for as long as that is doubted", async () => {
    const run = new SimulatedRun();
    let endedAt = 0;
    const report = await run.follow(async () => {
      run.node.removed = true;
      print(run, 1, 5);
      await run.clock.sleep(MINUTE);
      endedAt = run.clock.now();
      await run.exit();
    });
    check(run, report);
    expect(run.clock.now() - endedAt).toBeGreaterThan(20_000);
    expect(run.clock.now() - endedAt).toBeLessThan(40_000);
    expect(report.unread).toContain("unable to retrieve container logs");
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
