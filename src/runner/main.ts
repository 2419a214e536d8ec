/**
 * The program inside the pod: starts the agent with its prompt, writes its output to the container's log as frames,
 * passes signals on, and leaves a seal. Run by start.sh as
 *
 *     node RUN_DIRECTORY/runner.mjs TERMINATION_LOG WORKING_DIRECTORY [TRANSCRIPT]
 *
 * It ends with the agent's exit code, 128 + n when signal n ended the agent, 127 or 126 when the program was not found
 * or cannot be run, 125 when the runner itself failed.
 */
// First: what is imported after it is loaded with a handler for SIGTERM in place.
import "./stop-signals.ts";

import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { type Agent, type AgentEnd, NotStarted, StoppedBefore, startAgent } from "./agent.ts";
import { drained } from "./drain.ts";
import { FrameWriter } from "./frame-writer.ts";
import { FrameBlock } from "./line-frames.ts";
import { StderrRecord, StdoutRecord } from "./output-record.ts";
import { PartialSeal } from "./partial-seal.ts";
import type { Seal } from "./seal.ts";
import { SealFile } from "./seal-file.ts";
import { RUN_FILES, type RunnerSpec } from "./spec.ts";
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
const partialSeal = new PartialSeal(sealFile, Date.now(), () => stdout.facts.known);
const stdout = new StdoutRecord(frames, () => partialSeal.refresh());
const stderr = new StderrRecord(frames);

process.exit(await run());

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
    startedAt,
    endedAt: Date.now(),
    stdout: stdout.end(),
    stderr: stderr.end(),
    agent: stdout.facts.known,
  };
  // Before the last frames are out: should the log stall now and the pod be killed, the seal says what is missing.
  sealFile.write(withFaults(seal));
  await Promise.all([log.flushed(), transcript?.flushed()]);
  sealFile.write(withFaults(seal));
  return exitCode;
}

async function runAgent(): Promise<{ end: AgentEnd; exitCode: number }> {
  try {
    const spec = JSON.parse(readFileSync(join(runDirectory, RUN_FILES.spec), "utf8")) as RunnerSpec;
    const end = await record(await startAgent(spec, runDirectory, workingDirectory));
    return { end, exitCode: end.exitCode ?? 128 + (constants.signals[end.signal as NodeJS.Signals] ?? 0) };
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

/** Copies the agent's output until its end, no faster than the log takes it while the agent lives. */
async function record(agent: Agent): Promise<AgentEnd> {
  let alive = true;
  const full = (): boolean => log.full || transcript?.full === true;
  const onRoom = (): void => {
    if (!full()) agent.stdout.resume();
  };
  log.onRoom = onRoom;
  if (transcript) transcript.onRoom = onRoom;
  agent.stdout.on("data", (chunk: Buffer) => {
    stdout.push(chunk);
    if (alive && full()) agent.stdout.pause();
  });
  agent.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  const end = await agent.ended;
  alive = false;
  agent.stdout.resume();
  await drained(agent.closed, () => stdout.bytes + stderr.bytes);
  agent.stdout.pause();
  agent.killGroup();
  return end;
}

/** A word of the runner itself, among the agent's stderr. */
function report(message: string): void {
  stderr.push(Buffer.from(`runner: ${message}\n`));
}

function withFaults(seal: Seal): Seal {
  const faults = [
    seal.error,
    log.failure && `the log could not be written: ${log.failure.message}`,
    transcript?.failure && `the transcript could not be kept: ${transcript.failure.message}`,
  ].filter((fault) => typeof fault === "string");
  return faults.length === 0 ? seal : { ...seal, error: faults.join("; ") };
}
