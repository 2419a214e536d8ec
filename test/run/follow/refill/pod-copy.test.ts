/** The source that reads the runner's copy in the pod; here the pod is this machine. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ApiError } from "../../../../src/kubernetes/api-error.ts";
import type { ExecEnd } from "../../../../src/kubernetes/exec/exec.ts";
import type { LineBlock } from "../../../../src/run/follow/assemble/line-sink.ts";
import { Transcript } from "../../../../src/run/follow/assemble/transcript.ts";
import type { ContainerState } from "../../../../src/run/follow/read/container.ts";
import { Intake } from "../../../../src/run/follow/refill/intake.ts";
import { PodCopy, type RunInPod } from "../../../../src/run/follow/refill/pod-copy.ts";
import { FIRST_OFFSET } from "../../../../src/runner/spec.ts";
import { openTranscriptFolder } from "../../../../src/runner/transcript-folder.ts";

let folder: string;
let transcript: Transcript;
let got: string;
let asked: string[];
let heardBytes: number;
let state: ContainerState;
let refusals: Error[];
const signal = new AbortController().signal;

beforeEach(async () => {
  folder = `${await mkdtemp(join(tmpdir(), "pod-copy-"))}/`;
  [got, asked, heardBytes, state, refusals] = ["", [], 0, "running", []];
  const sink = {
    push: ({ bytes }: LineBlock) => {
      got += bytes;
    },
    notice: () => undefined,
  };
  transcript = new Transcript({ sink, onEvent: () => undefined }, 1 << 20);
});
afterEach(() => rm(folder, { recursive: true }));

/** As `pods/exec`, on this machine. `pieceBytes`: how much comes at a time. */
const here =
  (pieceBytes = 32 * 1024): RunInPod =>
  async ([program, ...args], onStdout, stop): Promise<ExecEnd> => {
    asked.push(args.at(-1) ?? "");
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
    const exited = once(child, "exit");
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length && !stop.aborted; at += pieceBytes) {
        heardBytes += Math.min(pieceBytes, chunk.length - at);
        onStdout(chunk.subarray(at, at + pieceBytes));
      }
      if (stop.aborted) break;
    }
    const [exitCode] = await exited;
    return stop.aborted ? { kind: "aborted" } : { kind: "exited", exitCode, stderr: "" };
  };

const copyOf = (run: RunInPod): PodCopy =>
  new PodCopy({ folder, run, container: { state: () => state }, onRefused: (error) => refusals.push(error) });

const frames = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `${from + at}|line ${from + at} ${"x".repeat(100)}\n`).join("");
const linesOf = (from: number, to: number) => frames(from, to).replaceAll(/^\d+\|/gm, "");
const upTo = (line: number, stop = signal) => new Intake(transcript, () => transcript.stdout.line > line, stop);
const arrive = (from: number, to: number): void => void transcript.take(Buffer.from(frames(from, to)), 0, "bare");

async function keep(text: string, limits = {}): Promise<void> {
  const writer = openTranscriptFolder(folder, limits);
  // In blocks, as the runner writes.
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\n", Math.min(at + 60_000, text.length - 1)) + 1;
    writer.push(Buffer.from(text.slice(at, end)));
    at = end;
  }
  await writer.flushed();
  expect(writer.failure).toBeNull();
}

test.each([1, 7, 32 * 1024])(
  "gives what is missing, as often as something is, %i bytes at a time",
  async (pieceBytes) => {
    await keep(frames(1, 30_000));
    const copy = copyOf(here(pieceBytes));
    arrive(1, 10);
    expect(await copy.refill(upTo(20))).toBe("read");
    const reached = transcript.stdout.line - 1;
    expect(reached).toBeGreaterThanOrEqual(20);
    expect(reached).toBeLessThan(5000);
    arrive(reached + 1, reached + 500);
    expect(await copy.refill(upTo(29_999))).toBe("read");
    expect(got === linesOf(1, transcript.stdout.line - 1)).toBe(true);
    expect(transcript.stdout.line).toBeGreaterThanOrEqual(30_000);
  },
);

test("goes on from where the last gap was, and reads no more than it needs", async () => {
  await keep(frames(1, 30_000));
  const copy = copyOf(here());
  for (const line of [10_000, 20_000, 29_000]) {
    arrive(transcript.stdout.line, line - 100);
    await copy.refill(upTo(line));
  }
  expect(got === linesOf(1, transcript.stdout.line - 1)).toBe(true);
  expect(asked).toHaveLength(3);
  expect(asked[0]).toBe("0");
  expect(Number(asked[1])).toBeGreaterThan(FIRST_OFFSET + 1_000_000);
  expect(Number(asked[2])).toBeGreaterThan(Number(asked[1]));
  expect(heardBytes).toBeLessThan(1.1 * frames(1, 29_000).length);
});

test("what the pod does not keep any more is told apart from what comes behind it", async () => {
  await keep(frames(1, 30_000), { fileBytes: 500_000, files: 3 });
  expect(await readdir(folder)).toHaveLength(3);
  arrive(1, 10);
  const intake = upTo(30_000);
  const copy = copyOf(here());
  expect(await copy.refill(intake)).toBe("read");
  expect(got).toBe(linesOf(1, 10));
  const { line = 0 } = intake.gapEnd.stdout ?? {};
  expect(line).toBeGreaterThan(10_000);
  // What is behind it is there.
  transcript.giveUp({ channel: "stdout", line, piece: 0 }, "gone");
  expect(await copy.refill(upTo(29_999))).toBe("read");
  expect(got.endsWith(linesOf(line, 30_000))).toBe(true);
});

test("a reader that fails may be asked again", async () => {
  const copy = copyOf(here());
  await rm(folder, { recursive: true });
  expect(await copy.refill(upTo(1))).toBe("failed");
  await mkdir(folder);
  expect(await copy.refill(upTo(1))).toBe("read");
  await keep(frames(1, 5));
  expect(await copy.refill(upTo(5))).toBe("read");
  expect(got).toBe(linesOf(1, 5));
});

test.each(["waiting", "terminated", "gone"] as const)("a container that is %s is not asked", async (now) => {
  await keep(frames(1, 5));
  state = now;
  expect(await copyOf(here()).refill(upTo(5))).toBe("absent");
  expect(asked).toEqual([]);
});

describe("a cluster that answers otherwise", () => {
  const request = { verb: "create", resource: "pods/exec", namespace: "runs", name: "p" };
  const error = new ApiError({ kind: "status", status: 403, detail: "no", request });

  test("a refusal is told once, and not asked for again", async () => {
    let times = 0;
    const copy = copyOf(() => {
      times++;
      return Promise.resolve({ kind: "refused", error });
    });
    for (let round = 0; round < 3; round++) {
      expect(await copy.refill(upTo(5))).toBe("absent");
    }
    expect(times).toBe(1);
    expect(refusals).toEqual([error]);
  });

  test.each([
    ["gone", "absent"],
    ["failed", "failed"],
  ] as const)("%s is %s", async (kind, answer) => {
    const copy = copyOf(() => Promise.resolve({ kind, error }));
    expect(await copy.refill(upTo(5))).toBe(answer);
    expect(refusals).toEqual([]);
  });

  test("a stop from outside is no answer", async () => {
    await keep(frames(1, 5));
    const stop = new AbortController();
    stop.abort();
    expect(await copyOf(here()).refill(upTo(5, stop.signal))).toBe("failed");
  });
});
