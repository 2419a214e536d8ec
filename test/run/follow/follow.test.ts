import { describe, expect, test } from "vitest";
import { SimulatedRun } from "./simulated-run.ts";
import { check, print } from "./story.ts";

const MINUTE = 60_000;

describe("followTranscript", () => {
  test("delivers what was printed in one stream, and proves it", async () => {
    const run = new SimulatedRun();
    const report = await run.follow(async () => {
      for (let at = 1; at <= 50; at++) {
        print(run, at, at, at % 7 === 0 ? "stderr" : "stdout");
        await run.clock.sleep(300);
      }
      await run.exit(700);
    });
    check(run, report);
    expect(report).toMatchObject({ transcript: { state: "complete", lines: 43 }, streams: 1, stopped: false });
    expect(run.node.requests).toEqual([{ follow: true }]);
  });

  test("ends as soon as everything has arrived, without waiting for the stream's own end", async () => {
    const run = new SimulatedRun();
    let endedAt = 0;
    await run.follow(async () => {
      print(run, 1, 3);
      await run.clock.sleep(100);
      endedAt = run.clock.now();
      await run.exit(200);
    });
    expect(run.clock.now() - endedAt).toBeLessThan(500);
  });

  test("a stream that is silent for long is opened again, from an hour earlier, and rarely", async () => {
    const run = new SimulatedRun();
    await run.follow(async () => {
      print(run, 1, 1);
      await run.clock.sleep(61 * MINUTE);
      print(run, 2, 2);
      await run.exit(100);
    });
    const follows = run.node.requests.filter((request) => request.follow);
    expect(follows.length).toBeGreaterThanOrEqual(4);
    expect(follows.length).toBeLessThanOrEqual(6);
    expect(follows[1]).toEqual({ follow: true, sinceTime: "2026-11-22T06:00:00Z" });
    expect(run.delivered.stdout).toBe("line 1\nline 2\n");
  });

  test("a container that takes long to start is asked for rarely, and heard as soon as it has started", async () => {
    const run = new SimulatedRun();
    run.become("waiting");
    let startedAt = 0;
    const report = await run.follow(async () => {
      for (let at = 0; at < 1000; at++) run.node.refusals.push({ kind: "not-yet" });
      await run.clock.sleep(20 * MINUTE);
      run.node.refusals.length = 0;
      startedAt = run.clock.now();
      print(run, 1, 5);
      run.become("running");
      await run.clock.sleep(100);
      expect(run.delivered.stdout).toContain("line 5\n");
      await run.exit();
    });
    check(run, report);
    expect(run.clock.now() - startedAt).toBeLessThan(2000);
    expect(run.node.requests.length).toBeLessThanOrEqual(20 * 12 + 2);
    expect(run.node.requests.length).toBeGreaterThan(20 * 4);
  });

  test("a rotation between streams that break does not hold up what comes behind it", async () => {
    const run = new SimulatedRun();
    run.node.chunkBytes = 1;
    // No stream gets beyond the line's first piece, so that the end of the log is asked for by count.
    for (let streams = 0; streams < 20; streams++) run.node.faults.push({ after: 52, how: "cut" });
    let delivered = "";
    const report = await run.follow(async () => {
      run.print("stdout", Buffer.from("a line of several pieces ".repeat(5)));
      while (!run.node.requests.some(({ tailLines }) => tailLines !== undefined)) await run.clock.sleep(1);
      run.node.rotate();
      run.node.faults.length = 0;
      print(run, 2, 3);
      await run.clock.sleep(MINUTE);
      ({ stdout: delivered } = run.delivered);
      await run.exit();
    });
    check(run, report);
    expect(delivered).toMatch(/^\[paperclip\] 1 line missing: 1 .*\nline 2\nline 3\n$/);
  });

  test("waits as long as the server asks for", async () => {
    const run = new SimulatedRun();
    run.node.refusals.push({ kind: "failed", retryAfterMs: 7000 });
    const from = run.clock.now();
    let first = 0;
    await run.follow(async () => {
      print(run, 1, 1);
      while (run.node.requests.length < 2) await run.clock.sleep(100);
      first = run.clock.now();
      await run.exit();
    });
    expect(first - from).toBeGreaterThanOrEqual(7000);
  });

  test("goes on for as long as the container lives, however often it is refused", async () => {
    const run = new SimulatedRun();
    for (let at = 0; at < 300; at++) run.node.refusals.push({ kind: "failed" });
    const report = await run.follow(async () => {
      print(run, 1, 5);
      await run.clock.sleep(60 * MINUTE);
      await run.exit();
    });
    check(run, report);
    expect(report.transcript.state).toBe("complete");
  });

  test("a pod that is gone is concluded from its seal", async () => {
    const run = new SimulatedRun();
    run.node.faults.push({ after: 100, how: "cut" });
    let goneAt = 0;
    const report = await run.follow(async () => {
      print(run, 1, 5);
      await run.clock.sleep(10);
      run.node.delete();
      await run.exit();
      run.become("gone");
      goneAt = run.clock.now();
    });
    check(run, report);
    expect(report.transcript).toMatchObject({
      state: "missing",
      gaps: [{ from: 3, to: 5, why: expect.stringContaining("gone") }],
    });
    expect(run.clock.now() - goneAt).toBeLessThan(1000);
  });

  test("a 404 is no end while the pod is seen: a kubelet that has just started says so too", async () => {
    const run = new SimulatedRun();
    run.node.faults.push({ after: 70, how: "cut" });
    const report = await run.follow(async () => {
      print(run, 1, 5);
      await run.clock.sleep(10);
      run.node.delete();
      await run.clock.sleep(2 * MINUTE);
      run.node.restore();
      print(run, 6, 9);
      await run.clock.sleep(MINUTE);
      expect(run.delivered.stdout).toContain("line 9\n");
      await run.exit();
    });
    check(run, report);
    expect(report.transcript.state).toBe("complete");
  });

  test("is stopped although onLog does not settle and there is room for no more", async () => {
    const run = new SimulatedRun({ limits: { memoryBytes: 1 }, onLog: () => new Promise(() => undefined) });
    let stoppedAt = 0;
    const report = await run.follow(async () => {
      print(run, 1, 2);
      await run.clock.sleep(100);
      print(run, 3, 4);
      await run.clock.sleep(100);
      stoppedAt = run.clock.now();
      run.stop.abort();
    });
    expect(report.stopped).toBe(true);
    expect(run.clock.now() - stoppedAt).toBeLessThanOrEqual(2000);
  });

  test("a line past the bound is named, and the rest is proven all the same", async () => {
    const run = new SimulatedRun({ limits: { maxLineBytes: 100 } });
    const report = await run.follow(async () => {
      print(run, 1, 1);
      run.print("stdout", Buffer.alloc(101, "x"));
      run.print("stdout", Buffer.alloc(100, "y"));
      await run.exit();
    });
    check(run, report);
    expect(run.delivered.stdout).toContain("[paperclip] 1 line missing: 2 (longer than 100 bytes: 101)");
    expect(report.transcript).toMatchObject({ state: "missing", gaps: [{ from: 2, to: 2 }] });
  });

  test("what the image prints around the runner is shown as stderr, once", async () => {
    const run = new SimulatedRun();
    run.node.faults.push({ after: 300, how: "cut" });
    const report = await run.follow(async () => {
      print(run, 1, 3);
      run.node.write(Buffer.from("Warning: something of Node's own"));
      print(run, 4, 8);
      await run.exit();
    });
    expect(report.transcript.state).toBe("complete");
    expect(run.delivered).toEqual({
      stdout: Array.from({ length: 8 }, (_, at) => `line ${at + 1}\n`).join(""),
      stderr: "Warning: something of Node's own\n",
    });
  });

  test("the kubelet's own error text is never output", async () => {
    const run = new SimulatedRun();
    run.node.faults.push({ after: 80, how: "text" }, { after: 0, how: "text" });
    const report = await run.follow(async () => {
      print(run, 1, 8);
      await run.exit(100);
    });
    check(run, report);
    expect(run.delivered.stdout).not.toContain("fsnotify");
    expect(run.events).toContainEqual({ type: "unstamped", text: expect.stringContaining("too many open files") });
  });

  test("a node without inotify instances is asked about twice a second", async () => {
    const run = new SimulatedRun();
    for (let at = 0; at < 1000; at++) run.node.faults.push({ after: Number.POSITIVE_INFINITY, how: "unfollowed" });
    const report = await run.follow(async () => {
      for (let at = 1; at <= 500; at++) {
        print(run, at, at);
        await run.clock.sleep(20);
      }
      await run.exit();
    });
    check(run, report);
    expect(report.transcript.state).toBe("complete");
    expect(report.streams).toBeGreaterThan(15);
    expect(report.streams).toBeLessThan(40);
  });

  test("a line that the runner's death cut off is delivered as far as it came, and named", async () => {
    const run = new SimulatedRun({ seal: false });
    run.node.writeUnfinished = Buffer.from("2|the last wor");
    const report = await run.follow(async () => {
      print(run, 1, 1);
      await run.exit();
    });
    expect(run.delivered.stdout).toMatch(/^line 1\nthe last wor\n\[paperclip\] 1 line missing: 2 \(.*middle.*\)\n$/);
    expect(report.transcript.state).toBe("missing");
  });

  test("other bytes under a known number are noticed", async () => {
    const run = new SimulatedRun();
    const report = await run.follow(async () => {
      print(run, 1, 2);
      run.node.write(Buffer.from("2|line 2, other"));
      await run.exit();
    });
    expect(run.events).toContainEqual({ type: "conflict", channel: "stdout", line: 2 });
    expect(report.transcript.state).toBe("complete");
  });

  test("a line observer that throws is told once and harms nothing", async () => {
    const run = new SimulatedRun({
      onLine: () => {
        throw new Error("mine");
      },
    });
    const report = await run.follow(async () => {
      print(run, 1, 9);
      await run.exit();
    });
    check(run, report);
    expect(run.events.filter((event) => event.type === "sink-fault")).toHaveLength(1);
  });

  test("lines behind a gap wait for it, and the stream is read on meanwhile", async () => {
    const run = new SimulatedRun({ withFile: true });
    const report = await run.follow(async () => {
      print(run, 1, 20);
      run.node.rotate(5);
      print(run, 21, 40);
      await run.clock.sleep(5000);
      expect(run.delivered.stdout.split("\n")).toHaveLength(41);
      await run.exit();
    });
    check(run, report);
    expect(report).toMatchObject({ transcript: { state: "complete" }, streams: 1 });
    expect(run.events).toContainEqual(expect.objectContaining({ type: "refilled", source: "transcript file" }));
  });
});
