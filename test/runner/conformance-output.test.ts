import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { MAX_BODY_BYTES } from "../../src/runner/frame.ts";
import { isLong } from "../support/thoroughness.ts";
import { variant } from "../support/variant.ts";
import { Pod, runPod, sh } from "./pod.ts";
import { nodeRunners, type RunnerUnderTest, runners } from "./runners.ts";

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

const line = (length: number): Buffer => Buffer.alloc(length, `${length} bytes of text, `);

/** Everything that a careless reader of lines gets wrong, and pieces that end one byte before, at and after a line. */
const everything = Buffer.concat([
  Buffer.from("plain\n\n\n\r\nwith a carriage return\r\n\0a nul\0\n12|like a frame\nraw|1\ne1|again\nünïcödé 🦊\n"),
  Buffer.from([0xff, 0xfe, 0x0a, 0xc3, 0x0a, 0x80, 0x0a]),
  ...[-1, 0, 1].map((extra) => Buffer.concat([line(MAX_BODY_BYTES + extra), Buffer.from("\n")])),
  line(5 * 1024 * 1024),
  Buffer.from("\n"),
  randomBytes(300_000),
  Buffer.from("\n"),
]);

const outputs: readonly (readonly [string, Buffer])[] = [
  ["nothing", Buffer.alloc(0)],
  ["one byte", Buffer.from("x")],
  ["one newline", Buffer.from("\n")],
  ["a line without its newline", Buffer.from("first\nlast")],
  ["exactly two pieces without a newline", line(2 * MAX_BODY_BYTES)],
  ["everything", everything],
];

describe.each(runners)("output under $name", (runner) => {
  it.each(outputs)("is kept byte for byte: %s", async (_, bytes) => {
    const end = await runPod(runner, { command: ["cat", { runFile: "output" }], files: { output: bytes } });
    expect(end).toMatchObject({ exitCode: 0, sha256: sha256(bytes) });
    expect(end.log.stdout.bytes).toBe(bytes.length);
    expect(end.log.raw).toBe(runner.kind === "sh");
    if (runner.kind === "sh") return;
    expect(end.log.largestLine).toBeLessThan(16_384);
    const endsLine = bytes.length === 0 || bytes[bytes.length - 1] === 10;
    expect(end.seal.stdout).toEqual({
      lines: bytes.toString("latin1").split("\n").length - (endsLine ? 1 : 0),
      bytes: bytes.length,
      sha256: sha256(bytes),
      newline: endsLine,
    });
  });

  it("is complete when the agent closes it and works on", async () => {
    const end = await runPod(runner, { command: sh("echo the end; exec >&-; sleep 0.2; exit 7") });
    expect(end).toMatchObject({ exitCode: 7, stdout: Buffer.from("the end\n") });
  });

  it("is not torn by stderr", async () => {
    const both = 'i=0; while [ $i -lt 400 ]; do echo "$1$1$1$1"; echo "$1" >&2; i=$((i+1)); done';
    const long = "x".repeat(6_000);
    const end = await runPod(runner, { command: sh(`(${both}) & (${both}) & wait`, long) });
    expect(end.stdout.equals(Buffer.from(`${long.repeat(4)}\n`.repeat(800)).subarray(0, end.stdout.length))).toBe(true);
    expect(end.log.stdout.bytes).toBe(800 * 24_001);
    if (end.seal.runner === "node") {
      expect(end.seal.stderr).toMatchObject({ lines: 800, bytes: 800 * 6_001 });
      expect(end.seal.stdout?.sha256).toBe(end.sha256);
    }
  });

  it("keeps what stderr says, and bounds it", async () => {
    const said = "Fehler: üben\nno newline";
    const small = await runPod(runner, { command: sh('echo ok; printf %s "$1" >&2', said) });
    expect(small.stdout.toString()).toBe("ok\n");
    expect(small.stderr.toString()).toBe(said);
    if (small.seal.runner === "node") {
      expect(small.seal.stderr).toEqual({ lines: 2, bytes: 24, dropped: 0, tail: said });
    }

    const flood = await runPod(runner, {
      command: sh("yes 0123456789 | head -c 50000000 >&2; echo ok; echo last >&2"),
    });
    expect(flood.stdout.toString()).toBe("ok\n");
    expect(flood.stderr.length).toBeLessThan(1_200_000);
    if (flood.seal.runner === "node") {
      expect(flood.seal.stderr?.bytes).toBe(50_000_005);
      expect(flood.seal.stderr?.dropped).toBeGreaterThan(48_000_000);
      expect(flood.seal.stderr?.tail).toMatch(/last\n$/);
    } else {
      expect(flood.stderr.toString()).toMatch(/last\n$/);
    }
  });
});

describe("output under every runner", () => {
  // Together: each has its two seconds of silence to wait for.
  it("does not wait for a background process that holds it open", async () => {
    const run = async (runner: RunnerUnderTest): Promise<void> => {
      const end = await runPod(runner, { command: sh("sleep 600 & echo started; exit 4") });
      expect(end, runner.name).toMatchObject({ exitCode: 4, stdout: Buffer.from("started\n") });
      expect(end.seal, runner.name).toMatchObject({ exitCode: 4, ending: "exit" });
    };
    await Promise.all(runners.map(run));
  });
});

/** True once the value was the same ten times in a row. */
function standsStill(value: () => number): () => boolean {
  let last = Number.NaN;
  let times = 0;
  return () => {
    const now = value();
    times = now === last ? times + 1 : 0;
    last = now;
    return times >= 10;
  };
}

const MEMORY = 150 * 1024 * 1024;
/** In both forms more than that memory. */
const MUCH = isLong ? 200_000_000 : 160_000_000;
/** Of 16 bytes: more than a folder keeps. */
const MANY_LINES = 10_000_000;

describe.each(nodeRunners)("much output on $name", (runner) => {
  it.each([
    ["lines", `yes "$1" | head -c ${MUCH}`],
    ["one line", `yes "$1" | tr "\\n" " " | head -c ${MUCH}`],
  ])(
    `takes bounded memory: ${MUCH} bytes in %s`,
    async (_, script) => {
      const pod = new Pod(runner, { command: sh(script, `{"type":"assistant","text":"${"word ".repeat(30)}"}`) });
      const end = await pod.ended();
      expect(end.log.stdout.bytes).toBe(MUCH);
      expect(end.seal.stdout).toMatchObject({ bytes: MUCH, sha256: end.sha256 });
      expect(pod.peakMemory > 0 || process.platform !== "linux").toBe(true);
      expect(pod.peakMemory).toBeLessThan(MEMORY);
    },
    60_000,
  );

  it("waits for a slow log, in bounded memory, still hears a signal, and gives up no byte", async () => {
    // dd ends on SIGINT and says how many bytes the kernel took from it; some 200 KB of them nobody has read then.
    const pod = new Pod(runner, { command: ["dd", "if=/dev/zero", "bs=1000"], transcript: true });
    await pod.until(() => pod.log.stdout.bytes > 0);
    pod.process.stdout?.pause();
    await pod.until(standsStill(() => statSync(pod.transcriptFile).size));
    pod.signal("SIGINT");
    // The last seal is there although the log still stands, with frames that nobody has read.
    await pod.until(() => pod.seal?.ending === "terminated");
    expect(pod.process.exitCode).toBeNull();
    pod.process.stdout?.resume();
    const end = await pod.ended();
    const written = Number(/^(\d+) bytes/m.exec(end.stderr.toString())?.[1]);
    expect(end.seal).toMatchObject({ signal: "SIGINT", stdout: { bytes: written, sha256: end.sha256 } });
    expect(written).toBeLessThan(32 * 1024 * 1024);
    expect(pod.peakMemory).toBeLessThan(MEMORY);
  });

  it("goes on to the agent's end when nobody reads the log any more", async () => {
    const waits = "echo a; until [ -e ../../go ]; do sleep 0.02; done; echo b; exit 3";
    const pod = new Pod(runner, { command: sh(waits), transcript: true });
    await pod.prints("a");
    pod.process.stdout?.destroy();
    writeFileSync(join(pod.folder, "go"), "");
    const end = await pod.ended();
    expect(end.exitCode).toBe(3);
    expect(end.seal).toMatchObject({ exitCode: 3, stdout: { lines: 2 }, error: expect.stringContaining("EPIPE") });
    expect(readFileSync(pod.transcriptFile, "utf8")).toBe("1|a\n2|b\n");
  });

  it("names a transcript that it cannot keep, and goes on", async () => {
    const end = await runPod(runner, { command: sh("echo a"), transcript: "/dev/null/transcript" });
    expect(end).toMatchObject({ exitCode: 0, stdout: Buffer.from("a\n") });
    expect(end.seal.error).toMatch(/^the transcript could not be kept: /);
  });

  it.each(["/dev/null/", "/nowhere/at/all/"])(
    "names a folder that cannot hold its transcript, and goes on: %s",
    async (transcript) => {
      const end = await runPod(runner, { command: sh("echo a"), transcript });
      expect(end).toMatchObject({ exitCode: 0, stdout: Buffer.from("a\n") });
      expect(end.seal.error).toMatch(/^the transcript could not be kept: /);
    },
  );

  variant(
    "keeps the newest of a long transcript in a folder, and no more than its bound",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "transcript-"));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const pod = new Pod(runner, {
        command: sh(`yes 123456789012345 | head -n ${MANY_LINES}`),
        transcript: `${folder}/`,
      });
      const end = await pod.ended();
      expect(end.seal).toMatchObject({ exitCode: 0, stdout: { bytes: 16 * MANY_LINES, sha256: end.sha256 } });
      expect(end.seal.error).toBeUndefined();
      const files = readdirSync(folder).sort();
      const kept = Buffer.concat(files.map((file) => readFileSync(join(folder, file))));
      expect(kept.length).toBeGreaterThan(56 * 1024 * 1024);
      expect(kept.length).toBeLessThan(66 * 1024 * 1024);
      const [first = "", ...rest] = kept.toString("latin1").split("\n");
      const from = Number(first.split("|")[0]);
      expect(rest.at(-2)).toBe(`${MANY_LINES}|123456789012345`);
      expect(rest.length).toBe(MANY_LINES - from + 1);
      expect(rest.slice(0, -1).every((line, index) => line === `${from + index + 1}|123456789012345`)).toBe(true);
    },
    60_000,
  );

  it("keeps a transcript that is the same as the log", async () => {
    const pod = new Pod(runner, { command: sh("yes line | head -n 100000; echo no newline >&2"), transcript: true });
    const log: Buffer[] = [];
    pod.process.stdout?.on("data", (chunk: Buffer) => log.push(chunk));
    await pod.ended();
    expect(readFileSync(pod.transcriptFile).equals(Buffer.concat(log))).toBe(true);
  });
});
