import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Missing } from "../../../../src/run/follow/assemble/missing.ts";
import { Transcript } from "../../../../src/run/follow/assemble/transcript.ts";
import { WholeLines } from "../../../../src/run/follow/read/whole-lines.ts";
import { type Channel, frameHead } from "../../../../src/runner/frame.ts";
import { cases } from "../../../support/thoroughness.ts";

const NEWLINE = Buffer.from("\n");
const STAMP = Buffer.from("2026-11-22T07:23:14.988051761Z ");
const MAX_LINE = 1 << 20;

function transcript(pieceBytes: number) {
  const lines: string[] = [];
  const notices: string[] = [];
  const observed: string[] = [];
  const numbered: string[] = [];
  const core = new Transcript(
    {
      sink: {
        push: ({ channel, bytes, from, to }) => {
          const texts = split(bytes).map((line) => `${channel} ${line}`);
          if (from > 0) expect(to - from + 1).toBe(texts.length);
          numbered.push(...texts.map((_, at) => `${channel} ${from + at}`));
          lines.push(...texts);
        },
        notice: (text) => {
          notices.push(text);
          lines.push(text);
        },
      },
      onLine: (channel, line) => observed.push(`${channel} ${line.toString("latin1")}`),
      onEvent: () => undefined,
    },
    MAX_LINE,
    pieceBytes,
  );
  return { core, lines, notices, observed, numbered };
}

function split(block: Buffer): string[] {
  return block.toString("latin1").split("\n").slice(0, -1);
}

interface Printed {
  readonly channel: Channel;
  readonly text: Buffer;
}

const printed: fc.Arbitrary<Printed> = fc.record({
  channel: fc.constantFrom("stdout" as const, "stdout" as const, "stderr" as const),
  text: fc.oneof(
    fc.constantFrom("", "same", "{}").map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes.map((byte) => (byte === 10 ? 11 : byte)))),
  ),
});

/** The log of the runner: each frame one stamped line. */
function logOf(lines: readonly Printed[], pieceBytes: number): Buffer[] {
  const count = { stdout: 0, stderr: 0 };
  return lines.flatMap(({ channel, text }) => {
    const number = ++count[channel];
    const frames: Buffer[] = [];
    for (let at = 0, piece = 0; at === 0 || at < text.length; at += pieceBytes, piece++) {
      const head = frameHead(channel, number, piece, at + pieceBytes >= text.length);
      frames.push(Buffer.concat([STAMP, Buffer.from(head), text.subarray(at, at + pieceBytes), NEWLINE]));
    }
    return frames;
  });
}

function expected(lines: readonly Printed[]): string[] {
  return lines.map(({ channel, text }) => `${channel} ${text.toString("latin1")}`);
}

function numbersOf(lines: readonly Printed[]): string[] {
  const count = { stdout: 0, stderr: 0 };
  return lines.map(({ channel }) => `${channel} ${++count[channel]}`);
}

function linesOf({ channel, from, to }: Missing): string[] {
  return Array.from({ length: to - from + 1 }, (_, at) => `${channel} ${from + at}`);
}

describe("the transcript", () => {
  test("takes each frame once, however the stream is cut, split and replayed", () => {
    const streams = fc.array(
      fc.record({
        back: fc.nat(30),
        bytes: fc.nat(900),
        splits: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 }),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(
        fc.array(printed, { maxLength: 25 }),
        fc.integer({ min: 1, max: 30 }),
        streams,
        (lines, pieceBytes, cuts) => {
          const { core, lines: got, observed, numbered } = transcript(pieceBytes);
          const log = logOf(lines, pieceBytes);
          let next = 0;
          for (const { back, bytes, splits } of [
            ...cuts,
            { back: 10, bytes: Number.POSITIVE_INFINITY, splits: [7, 64] },
          ]) {
            const from = Math.max(0, next - back);
            const body = Buffer.concat(log.slice(from)).subarray(0, bytes);
            const blocks = new WholeLines(MAX_LINE, () => undefined);
            core.open();
            for (let at = 0, turn = 0; at < body.length; turn++) {
              const size = splits[turn % splits.length] ?? 1;
              blocks.push(Buffer.from(body.subarray(at, at + size)), (block) => {
                next = Math.max(next, from);
                expect(core.take(block, 0, "stamped")).toBe(block.length);
              });
              at += size;
            }
            next = core.taken;
          }
          expect(got).toEqual(expected(lines));
          expect(observed).toEqual(expected(lines));
          expect(numbered).toEqual(numbersOf(lines));
          const stdout = Buffer.concat(
            lines.filter((line) => line.channel === "stdout").flatMap(({ text }) => [text, NEWLINE]),
          );
          for (const newline of [true, false]) {
            const text = newline || stdout.length === 0 ? stdout : stdout.subarray(0, -1);
            const sha256 = createHash("sha256").update(text).digest("hex");
            expect(core.digest.result(newline)).toEqual({ bytes: text.length, sha256 });
          }
        },
      ),
      { numRuns: cases(3000) },
    );
  });

  test("stops at a gap; what is given up there is named, and nothing else", () => {
    fc.assert(
      fc.property(
        fc.array(printed, { minLength: 1, maxLength: 25 }),
        fc.integer({ min: 1, max: 30 }),
        fc.infiniteStream(fc.boolean()),
        (lines, pieceBytes, lost) => {
          const { core, lines: got, notices, numbered } = transcript(pieceBytes);
          const log = logOf(lines, pieceBytes);
          const body = Buffer.concat(log.filter((_, at) => at === log.length - 1 || !lost.next().value));
          for (let at = core.take(body, 0, "stamped"); at < body.length; ) {
            if (!core.stoppedAt) throw new Error("stopped without a reason");
            core.giveUp(core.stoppedAt, "why");
            at = core.take(body, at, "stamped");
          }
          // What was taken and what is named missing are together every line up to the last one reached, each once.
          const missing = new Set(core.missing.flatMap(linesOf));
          const numbers = numbersOf(lines);
          const isTaken = (at: number) => {
            const [name = "", number] = (numbers[at] ?? "").split(" ");
            return Number(number) < core.channel(name as Channel).line && !missing.has(`${name} ${number}`);
          };
          const taken = lines.filter((_, at) => isTaken(at));
          expect(numbered).toEqual(numbers.filter((_, at) => isTaken(at)));
          expect(got.filter((line) => !line.startsWith("[paperclip]"))).toEqual(expected(taken));
          expect(missing.size).toBe(core.missing.reduce((sum, { from, to }) => sum + to - from + 1, 0));
          expect(notices.length).toBe(core.missing.length);
        },
      ),
      { numRuns: cases(2000) },
    );
  });

  test("takes from several sources what comes next, in the order of the log", () => {
    fc.assert(
      fc.property(fc.array(printed, { minLength: 1, maxLength: 25 }), fc.infiniteStream(fc.nat(3)), (lines, source) => {
        const { core, lines: got } = transcript(9);
        const log = logOf(lines, 9).map((frame) => frame.subarray(STAMP.length));
        const parts = [0, 1, 2, 3].map(() => [] as Buffer[]);
        for (const frame of log) parts[source.next().value ?? 0]?.push(frame);
        for (let round = 0; round <= log.length; round++) {
          for (const part of parts) core.take(Buffer.concat(part), 0, "bare");
        }
        for (const channel of ["stdout", "stderr"] as const) {
          const only = (all: readonly string[]) => all.filter((line) => line.startsWith(channel));
          expect(only(got)).toEqual(only(expected(lines)));
        }
      }),
      { numRuns: cases(1000) },
    );
  });

  const frames = (texts: readonly string[]) => Buffer.from(texts.map((text) => `${STAMP}${text}\n`).join(""));

  test("names a place that comes with other bytes once, and a hundred of them", () => {
    const events: string[] = [];
    const sink = { push: () => undefined, notice: () => undefined };
    const core = new Transcript({ sink, onEvent: ({ type }) => events.push(type) }, MAX_LINE);
    const numbers = Array.from({ length: 300 }, (_, at) => at + 1);
    core.take(frames(numbers.map((number) => `${number}|a`)), 0, "stamped");
    for (let round = 0; round < 50; round++) {
      core.take(frames(numbers.map((number) => `${number}|${round}`)), 0, "stamped");
    }
    expect(events).toEqual(Array.from({ length: 100 }, () => "conflict"));
    expect(core.conflicts.map(({ line }) => line)).toEqual(numbers.slice(0, 100));
  });

  test("names five hundred gaps at their places, and counts the lines of all", () => {
    const { core, notices, numbered } = transcript(15);
    const body = frames(Array.from({ length: 2000 }, (_, at) => `${3 * at + 3}|x`));
    for (let at = core.take(body, 0, "stamped"); at < body.length; at = core.take(body, at, "stamped")) {
      if (core.stoppedAt) core.giveUp(core.stoppedAt, "why");
    }
    expect(numbered).toHaveLength(2000);
    expect(core.lostLines).toBe(4000);
    expect(core.missing).toHaveLength(500);
    expect(core.missing[498]).toMatchObject({ from: 1495, to: 1496, why: "why" });
    expect(core.missing[499]).toMatchObject({ from: 1498, to: 5999, why: expect.stringContaining("too many gaps") });
    expect(notices).toHaveLength(501);
    expect(notices[500]).toBe("[paperclip] more lines may be missing below: the run's result names where");
  });

  test("is no place for pieces that no runner wrote, however many come", () => {
    const { core, lines } = transcript(15);
    core.take(
      frames(["1|real", ...Array.from({ length: 1000 }, (_, at) => `2+${at}|`), "2+0|y", "2|next"]),
      0,
      "stamped",
    );
    expect(core.stdout).toMatchObject({ line: 3, piece: 0 });
    expect(lines.filter((line) => line.startsWith("stdout"))).toEqual(["stdout real", "stdout next"]);
    expect(lines.filter((line) => line.startsWith("stderr"))).toHaveLength(1001);
  });
});

describe("the seal at the end of a log", () => {
  const SEAL = { v: 1, runner: "node", ending: "terminated", exitCode: 143, signal: null, stdout: { lines: 1 } };
  const take = (core: Transcript, text: string) =>
    core.take(Buffer.concat([STAMP, Buffer.from(text), NEWLINE]), 0, "stamped");

  test("is known, and is no line of the agent's", () => {
    const { core, lines } = transcript(100);
    take(core, "1|hello");
    take(core, `seal|${JSON.stringify(SEAL)}`);
    expect(core.seal).toMatchObject({ ending: "terminated", exitCode: 143 });
    expect(lines).toEqual(["stdout hello"]);
  });

  test("is known of an agent that printed nothing", () => {
    const { core, lines } = transcript(100);
    take(core, `seal|${JSON.stringify(SEAL)}`);
    expect(core).toMatchObject({ mode: "framed", seal: { exitCode: 143 } });
    expect(lines).toEqual([]);
  });

  test("is none when the runner goes on, or when it says nothing of an end", () => {
    const { core } = transcript(100);
    take(core, `seal|${JSON.stringify(SEAL)}`);
    take(core, "1|the agent wrote that itself");
    expect(core.seal).toBeNull();
    for (const text of ["seal|{}", "seal|", 'seal|{"v":1', `seal|${JSON.stringify({ ...SEAL, partial: true })}`])
      take(core, text);
    expect(core.seal).toBeNull();
  });

  test("of a recorder that lost the agent from sight is one too, and no line: what it proves is the evidence's to say", () => {
    const { core, lines } = transcript(100);
    take(core, `seal|${JSON.stringify({ ...SEAL, ending: "unknown", exitCode: null })}`);
    expect(core.seal).toMatchObject({ ending: "unknown" });
    expect(lines).toEqual([]);
  });

  test("of the sh runner is known in its log, and is no line, also where stderr comes behind it", () => {
    const { core, lines } = transcript(100);
    take(core, "raw|1");
    take(core, "working");
    take(core, 'seal|{"v":1,"runner":"sh","exitCode":143,"signal":null,"ending":"terminated"}');
    expect(core.seal).toMatchObject({ runner: "sh", exitCode: 143 });
    expect(core.raw.rawLines).toBe(1);
    take(core, "what stderr had said before");
    expect(core.seal).toMatchObject({ exitCode: 143 });
    expect(lines).toEqual(["stdout working", "stdout what stderr had said before"]);
  });

  test("is none in a log without frames: anybody may have written it", () => {
    const { core, lines } = transcript(100);
    take(core, "raw|1");
    const text = `seal|${JSON.stringify(SEAL)}`;
    take(core, text);
    expect(core.seal).toBeNull();
    expect(lines).toEqual([`stdout ${text}`]);
  });
});
