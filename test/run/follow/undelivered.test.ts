/** `complete` means that the host has the lines, not that somebody read them. */
import { expect, test } from "vitest";
import { SimulatedRun } from "./simulated-run.ts";
import { print } from "./story.ts";

test.each(["throws", "rejects"] as const)("a chunk for which onLog %s is named by its lines", async (how) => {
  const run = new SimulatedRun({
    onLog: (_, chunk) => {
      if (!chunk.includes("line 5\n")) return;
      if (how === "throws") throw new Error("disk full");
      return Promise.reject(new Error("disk full"));
    },
  });
  const report = await run.follow(async () => {
    for (let at = 1; at <= 8; at++) {
      print(run, at, at);
      await run.clock.sleep(100);
    }
    await run.exit();
  });
  const why = "Paperclip did not take them: disk full";
  expect(report.transcript).toEqual({
    state: "missing",
    lines: 7,
    gaps: [{ channel: "stdout", from: 5, to: 5, cause: "undelivered", why }],
  });
});

test("what a slow onLog has not taken when the run is stopped is named, to the last line", async () => {
  /** Lines taken by the end of each call. */
  const took = [0];
  const run: SimulatedRun = new SimulatedRun({
    pieceBytes: 1000,
    limits: { memoryBytes: 64 * 1024 },
    onLog: async (_, chunk) => {
      await run.clock.sleep(500);
      took.push((took.at(-1) ?? 0) + chunk.split("\n").length - 1);
    },
  });
  const report = await run.follow(async () => {
    for (let at = 1; at <= 3000; at++) run.print("stdout", Buffer.from(`${at} ${"x".repeat(400)}`));
    await run.exit(100);
    await run.clock.sleep(4000);
    run.stop.abort();
  });
  // The agent has ended and all was read: nothing else is missing.
  expect(report.stopped).toBe(false);
  // The call that was under way when nobody waited any more may have ended since.
  const { lines } = report.transcript;
  expect(took.slice(-2)).toContain(lines);
  expect(lines).toBeGreaterThan(0);
  expect(lines).toBeLessThan(3000);
  const why = "the run ended before Paperclip took them";
  expect(report.transcript).toEqual({
    state: "missing",
    lines,
    gaps: [{ channel: "stdout", from: lines + 1, to: 3000, cause: "undelivered", why }],
  });
});

test("lines that were lost on the way and lines that were not taken stand side by side", async () => {
  const run = new SimulatedRun({
    onLog: (_, chunk) => {
      if (chunk.includes("line 40\n")) throw new Error("no");
    },
  });
  const report = await run.follow(async () => {
    print(run, 1, 20);
    run.node.rotate(5);
    print(run, 21, 30);
    await run.clock.sleep(60_000);
    print(run, 31, 40);
    await run.exit();
  });
  expect(report.transcript).toMatchObject({
    state: "missing",
    gaps: [
      { cause: "lost", to: 20 },
      { cause: "undelivered", to: 40 },
    ],
  });
});

test("a log without numbers counts its lines as they arrive", async () => {
  const run = new SimulatedRun({
    raw: true,
    onLog: (_, chunk) => (chunk.startsWith("line 3\n") ? Promise.reject(new Error("no")) : undefined),
  });
  const report = await run.follow(async () => {
    for (let at = 1; at <= 5; at++) {
      print(run, at, at);
      await run.clock.sleep(100);
    }
    await run.exit();
  });
  expect(report.transcript).toMatchObject({ state: "missing", lines: 4, gaps: [{ from: 3, to: 3 }] });
});
