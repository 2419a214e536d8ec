import { afterEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../../src/kubernetes/clock.ts";
import { eventually } from "../../kubernetes/support/eventually.ts";
import { some } from "../../support/thoroughness.ts";
import { checkExactlyOnce } from "./exactly-once.ts";
import { type Breaking, LogServer } from "./log-server.ts";
import { type RunOptions, SimulatedRun } from "./simulated-run.ts";

// Real sockets on a machine that may be busy: nothing here waits that long when all is well.
vi.setConfig({ testTimeout: 60_000 });

let server: LogServer | undefined;
afterEach(() => server?.stop());

async function runOn(protocol: "plain" | "h1" | "h2", options: RunOptions = {}, openTimeoutMs = 30_000) {
  server = await LogServer.start(protocol);
  server.openTimeoutMs = openTimeoutMs;
  const world = {
    clock: systemClock,
    node: server.node,
    open: await server.open(),
    run: <T>(work: Promise<T>) => work,
  };
  const run = new SimulatedRun({ pieceBytes: 15 * 1024, random: Math.random, ...options }, world);
  return { run, server };
}

function check(run: SimulatedRun, report: Parameters<typeof checkExactlyOnce>[2]): void {
  const text = (lines: readonly Buffer[]) => lines.map((line) => line.toString());
  checkExactlyOnce({ stdout: text(run.stdout), stderr: text(run.stderr) }, run.delivered, report);
  expect(run.deliveredOrder).toEqual(run.printedOrder.map((line) => line.replace(/ \d+/, "")));
  expect(report.transcript.state).toBe("complete");
}

/** Lines of 0.3 to 3 KB with characters of every length, in bursts. */
async function chatter(run: SimulatedRun, lines: number): Promise<void> {
  for (let at = 0; at < lines; at++) {
    const channel = at % 11 === 0 ? "stderr" : "stdout";
    run.print(channel, Buffer.from(`{"n":${at},"text":"${"aé€😀".repeat(20 + (at % 180))}"}`));
    if (at % 50 === 49) await run.clock.sleep(10);
  }
}

describe.each(some(["plain", "h1", "h2"] as const, 2))("over %s", (protocol) => {
  test("48: a stream that breaks again and again loses nothing", async () => {
    const { run } = await runOn(protocol);
    for (let at = 0; at < 40; at++)
      run.node.faults.push({ after: 20_000 + at * 1001, how: at % 5 === 0 ? "clean" : "cut" });
    run.node.chunkBytes = 4096;
    const report = await run.follow(async () => {
      await chatter(run, 3000);
      await run.exit(50);
    });
    check(run, report);
    expect(report.streams).toBeGreaterThan(8);
  });

  test("refusals on reconnect are waited out", async () => {
    const { run, server: log } = await runOn(protocol);
    run.node.faults.push({ after: 5000, how: "cut" }, { after: 5000, how: "text" });
    const report = await run.follow(async () => {
      await chatter(run, 100);
      await eventually(() => log.opened > 0, "a stream");
      log.refusals.push(500, 503, 429, 410, 502);
      await chatter(run, 200);
      await run.exit(20);
    });
    check(run, report);
    expect(log.refusals).toEqual([]);
  });

  test("a refusal that stalls is given up, and asked again", async () => {
    const { run, server: log } = await runOn(protocol, {}, 500);
    run.node.faults.push({ after: 5000, how: "cut" });
    log.refusals.push("stalled");
    const report = await run.follow(async () => {
      await chatter(run, 100);
      await eventually(() => log.opened > 0, "a stream");
      log.refusals.push("stalled", "stalled");
      await chatter(run, 200);
      await eventually(() => log.refusals.length === 0, "the refusals");
      await run.exit(20);
    });
    check(run, report);
  });

  test("43: a stream that stalls while its container ends is drained besides, and closed", async () => {
    const { run, server: log } = await runOn(protocol);
    run.node.faults.push({ after: 3000, how: "stall" });
    let endedAt = 0;
    const report = await run.follow(async () => {
      await chatter(run, 100);
      await eventually(() => log.opened === 1, "a stream");
      await run.exit();
      endedAt = systemClock.now();
    });
    check(run, report);
    expect(systemClock.now() - endedAt).toBeLessThan(2500);
    await eventually(() => log.closed === log.opened, "every stream is closed");
  });
});

describe.each<Breaking>(["reset", "half-close"])("a connection that ends by %s", (breaking) => {
  test("is an interruption, not an end", async () => {
    const { run, server: log } = await runOn("plain");
    log.breaking = breaking;
    for (let at = 0; at < 10; at++) run.node.faults.push({ after: 7000 + 1000 * at, how: "cut" });
    const report = await run.follow(async () => {
      await chatter(run, 500);
      await run.exit(20);
    });
    check(run, report);
  });
});

// Over HTTP/2 a stream that is cancelled in mid-body looks like one that ended in order (undici 8.12).
test.each(some(["plain", "h2"] as const, 2))(
  "a second longer than any stream lives is still got through: %s",
  async (protocol) => {
    const { run } = await runOn(protocol);
    run.node.tieStamps();
    run.node.chunkBytes = 2048;
    for (let at = 0; at < 400; at++) run.node.faults.push({ after: 30_000, how: "cut" });
    const report = await run.follow(async () => {
      for (let at = 0; at < 4000; at++) run.print("stdout", Buffer.from(`${at} ${"y".repeat(100)}`));
      await run.exit(20);
    });
    check(run, report);
  },
);

test("100,000 lines with one and the same stamp are told apart, however their streams are cut", async () => {
  const { run } = await runOn("plain");
  run.node.freezeStamps();
  run.node.chunkBytes = 64 * 1024;
  // Each stream repeats the whole second from its start: the later ones must get further.
  for (let at = 1; at <= 6; at++) run.node.faults.push({ after: at * 1_000_003, how: at % 2 === 0 ? "clean" : "cut" });
  const report = await run.follow(async () => {
    for (let at = 0; at < 100_000; at++) run.print("stdout", Buffer.from(`{"n":"é${at % 1000}"}`));
    await run.exit(20);
  });
  check(run, report);
  expect(report.repeated).toBeGreaterThan(10_000);
});

test("stopping closes the connection", async () => {
  const { run, server: log } = await runOn("plain");
  const report = await run.follow(async () => {
    run.print("stdout", Buffer.from("one"));
    await eventually(() => run.delivered.stdout === "one\n", "the first line");
    run.stop.abort();
  });
  expect(report).toMatchObject({ stopped: true, transcript: { state: "unproven" } });
  await eventually(() => log.closed === 1, "the stream is closed");
});
