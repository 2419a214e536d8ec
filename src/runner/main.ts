/**
 * The program inside the pod: starts the agent with its prompt, writes its output to the container's log as frames,
 * passes signals on, and leaves a seal. Run by start.sh as
 *
 *     node RUN_DIRECTORY/runner.mjs TERMINATION_LOG WORKING_DIRECTORY [TRANSCRIPT]
 *
 * It ends with the agent's exit code, 128 + n when signal n ended the agent, 127 or 126 when the program was not found
 * or cannot be run, 125 when the runner itself failed; 0 or 1, by its result, when the agent was ended after that.
 */
// First: what is imported after it is loaded with a handler for SIGTERM in place.
import "./stop-signals.ts";

import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { type AgentEnd, NotStarted, StoppedBefore, wordsOf } from "./agent.ts";
import { type ConfigDirectory, makeConfigDirectory } from "./config-directory.ts";
import { fitSeal } from "./fit-seal.ts";
import { SEAL_MARK } from "./frame.ts";
import { FrameWriter } from "./frame-writer.ts";
import { FrameBlock } from "./line-frames.ts";
import { StderrRecord, StdoutRecord } from "./output-record.ts";
import { PartialSeal } from "./partial-seal.ts";
import type { Seal } from "./seal.ts";
import { SealFile } from "./seal-file.ts";
import { CONFIG_DIRECTORY, RUN_FILES, type RunnerSpec } from "./spec.ts";
import { superviseAgent } from "./supervise-agent.ts";
import { TooLate, withTimeout } from "./timer.ts";
import { openTranscriptCopy } from "./transcript-copy.ts";

const [, script = "", terminationLog = "", workingDirectory = "", transcriptPath] = process.argv;
const runDirectory = dirname(script);

const sealFile = new SealFile(terminationLog);
const log = new FrameWriter(1);
const transcript = transcriptPath === undefined ? null : openTranscriptCopy(transcriptPath);

const frames = new FrameBlock((bytes) => {
  log.push(bytes);
  transcript?.push(bytes);
});
/** A volume that does not answer must not keep the container of a finished agent. Milliseconds. */
const LAST_WRITES_MS = 10_000;
const TRANSCRIPT_LOST = "the transcript could not be kept: ";

/** The runner's own, beside those of its writers. */
const faults: string[] = [];
let hangs = false;
let config: ConfigDirectory | null = null;
let freshSession: Pick<Seal, "freshSession"> = {};
const partialSeal = new PartialSeal(sealFile, Date.now(), () => ({ ...freshSession, agent: stdout.facts.known }));
const stdout = new StdoutRecord(frames, () => partialSeal.refresh());
const stderr = new StderrRecord(frames);

const exitCode = await run();
// A write that hangs would keep process.exit waiting for its thread (measured); start.sh reads the exit code in the seal.
if (hangs) process.kill(process.pid, "SIGKILL");
process.exit(exitCode);

async function run(): Promise<number> {
  const startedAt = Date.now();
  partialSeal.refresh();
  const { end, exitCode } = await runAgent();
  partialSeal.stop();
  if (sealFile.failure) report(`cannot write the termination message: ${sealFile.failure.message}`);
  const seal: Seal = {
    v: 1,
    runner: "node",
    ...end,
    ...freshSession,
    startedAt,
    endedAt: Date.now(),
    stdout: stdout.end(),
    stderr: stderr.end(),
    agent: stdout.facts.known,
  };
  // Before the last frames are out: should the log stall now and the pod be killed, the seal says what is missing.
  sealFile.write(withFaults(seal));
  if (end.ending === "terminated") log.push(sealLine(withFaults(seal)));
  await Promise.all([
    log.flushed(),
    lastWrite(TRANSCRIPT_LOST, transcript?.flushed()),
    lastWrite("the changes to Claude Code's configuration were not kept: ", config?.bringHome()),
  ]);
  sealFile.write(withFaults(seal));
  return exitCode;
}

function sealLine(seal: Seal): Buffer {
  return Buffer.from(`${SEAL_MARK}${fitSeal(seal)}\n`);
}

/** What fails here is told; the agent's work is done. */
async function lastWrite(failed: string, work: Promise<void> | undefined): Promise<void> {
  try {
    if (work) await withTimeout(LAST_WRITES_MS, work);
  } catch (error) {
    hangs ||= error instanceof TooLate;
    faults.push(`${failed}${(error as Error).message}`);
  }
}

async function runAgent(): Promise<{ end: AgentEnd; exitCode: number }> {
  try {
    const spec = JSON.parse(readFileSync(join(runDirectory, RUN_FILES.spec), "utf8")) as RunnerSpec;
    config = await configDirectory(spec);
    const environment = config?.environment ?? {};
    const output = { stdout, stderr, writers: transcript ? [log, transcript] : [log], report };
    const onFreshSession = (fresh: NonNullable<Seal["freshSession"]>): void => {
      freshSession = { freshSession: fresh };
      partialSeal.refresh();
    };
    const end = await superviseAgent({
      spec,
      runDirectory,
      workingDirectory,
      environment,
      output,
      onFreshSession,
    });
    return { end, exitCode: exitCodeFor(end) };
  } catch (fault) {
    const error = fault instanceof Error ? fault.message : String(fault);
    report(error);
    return {
      end: {
        exitCode: null,
        signal: null,
        ending: fault instanceof StoppedBefore ? "terminated" : "not-started",
        error,
      },
      exitCode: fault instanceof NotStarted || fault instanceof StoppedBefore ? fault.exitCode : 125,
    };
  }
}

async function configDirectory({ command }: RunnerSpec): Promise<ConfigDirectory | null> {
  const directory = process.env[CONFIG_DIRECTORY];
  if (!directory) return null;
  try {
    const made = makeConfigDirectory(directory, wordsOf(command, runDirectory), process.env);
    return await withTimeout(LAST_WRITES_MS, made);
  } catch (error) {
    report(`Claude Code uses the home's configuration directory: ${(error as Error).message}`);
    return null;
  }
}

/** An agent that was ended after its result ends as its result says: its work was done. */
function exitCodeFor(end: AgentEnd): number {
  if (end.ending === "after-result") return stdout.facts.known.result?.is_error ? 1 : 0;
  return end.exitCode ?? 128 + (constants.signals[end.signal as NodeJS.Signals] ?? 0);
}

/** A sentence of the runner itself, among the agent's stderr. */
function report(message: string): void {
  stderr.push(Buffer.from(`runner: ${message}\n`));
}

function withFaults(seal: Seal): Seal {
  const all = [
    seal.error,
    log.failure && `the log could not be written: ${log.failure.message}`,
    transcript?.failure && `${TRANSCRIPT_LOST}${transcript.failure.message}`,
    ...faults,
  ].filter((fault) => typeof fault === "string");
  return all.length === 0 ? seal : { ...seal, error: all.join("; ") };
}
