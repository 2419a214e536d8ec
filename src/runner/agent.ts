import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Seal } from "./seal.ts";
import { type CommandWord, RUN_FILES, type RunnerSpec } from "./spec.ts";
import { onStopSignal, toldSoFar } from "./stop-signals.ts";
import { callAfter } from "./timer.ts";

export interface Agent {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when the process has ended; never rejects. Its pipes may still be open then. */
  readonly ended: Promise<AgentEnd>;
  /** Settles when both pipes are at their end; never rejects. */
  readonly closed: Promise<void>;
  /** SIGKILL to whatever is left in the agent's process group. */
  killGroup(): void;
}

export type AgentEnd = Pick<Seal, "exitCode" | "signal" | "ending" | "error">;

/** The runner was told to stop before it had started the agent, and did not start it. */
export class StoppedBefore extends Error {
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super("told to stop before the agent was started");
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** The agent was not started. The message names the program or the file, never an argument. */
export class NotStarted extends Error {
  /** As shells have it: 127 no such program, 126 it cannot be run, 125 it was not tried. */
  readonly exitCode: 125 | 126 | 127;

  constructor(exitCode: 125 | 126 | 127, what: string, cause: unknown) {
    super(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`);
    this.exitCode = exitCode;
  }
}

/**
 * Starts the agent in the working directory (made when missing) with the prompt file as its stdin: the file itself, so
 * that every byte arrives, none passes through here, and an agent that does not read it is nobody's fault.
 *
 * It leads a process group of its own. A SIGTERM, SIGINT or the end of its time is told to the agent alone: Claude ends
 * its tools itself and saves its session (measured); a tool killed beside it would look like a failed tool and start
 * another turn. Only the SIGKILL after the grace goes to the whole group.
 *
 * Rejects with NotStarted or StoppedBefore.
 */
export async function startAgent(spec: RunnerSpec, runDirectory: string, workingDirectory: string): Promise<Agent> {
  const [program, ...args] = wordsOf(spec.command, runDirectory);
  prepare("cannot make the working directory", () => mkdirSync(workingDirectory, { recursive: true }));
  const prompt = prepare("cannot read the prompt", () => openSync(join(runDirectory, RUN_FILES.prompt), "r"));
  const told = await toldSoFar();
  if (told) throw new StoppedBefore(told);
  const child = await spawned(program, () => {
    const process = spawn(program, args, {
      cwd: workingDirectory,
      env: agentEnvironment(),
      stdio: [prompt, "pipe", "pipe"],
      detached: true,
    });
    closeSync(prompt);
    return process;
  });
  return {
    stdout: child.stdout as Readable,
    stderr: child.stderr as Readable,
    ended: untilEnded(child, spec),
    closed: new Promise((resolve) => child.once("close", () => resolve())),
    killGroup: () => killGroup(child),
  };
}

/** `spawn` reports some failures by throwing and others by an event. */
async function spawned(program: string, start: () => ChildProcess): Promise<ChildProcess> {
  try {
    const child = start();
    await once(child, "spawn");
    return child;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new NotStarted(missing ? 127 : 126, `cannot start ${program}`, error);
  }
}

function wordsOf(command: RunnerSpec["command"], runDirectory: string): [string, ...string[]] {
  const text = (word: CommandWord): string => (typeof word === "string" ? word : join(runDirectory, word.runFile));
  const [program, ...args] = command;
  return [text(program), ...args.map(text)];
}

/** start.sh keeps NODE_OPTIONS from the runner, under another name: they are meant for the agent. */
function agentEnvironment(): NodeJS.ProcessEnv {
  const { CLAUDE_K8S_NODE_OPTIONS: options, ...env } = process.env;
  return options === undefined ? env : { ...env, NODE_OPTIONS: options };
}

function prepare<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new NotStarted(125, what, error);
  }
}

async function untilEnded(child: ChildProcess, spec: RunnerSpec): Promise<AgentEnd> {
  const stops = listenForStops(child, spec);
  // A signal that could not be sent is reported by this event; it ends nothing.
  child.on("error", () => {});
  const [exitCode, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  stops.cancelTimers();
  return { exitCode, signal, ending: stops.reason ?? "exit" };
}

interface Stops {
  reason: "terminated" | "timeout" | null;
  cancelTimers(): void;
}

/**
 * Forwards what the runner is told to do, and ends the agent when its time is up. SIGINT stays SIGINT; the others
 * become SIGTERM (an image's STOPSIGNAL may be any of them). Only the first stop: it starts the grace and names the
 * reason; to be told twice is for many programs the order to leave everything as it is.
 */
function listenForStops(child: ChildProcess, spec: RunnerSpec): Stops {
  const timers: (() => void)[] = [];
  const stops: Stops = {
    reason: null,
    cancelTimers: () => {
      for (const cancel of timers) cancel();
    },
  };
  const stop = (reason: "terminated" | "timeout", signal: NodeJS.Signals): void => {
    if (stops.reason) return;
    stops.reason = reason;
    child.kill(signal);
    timers.push(callAfter(spec.graceSec * 1000, () => killGroup(child)));
  };
  onStopSignal((signal) => stop("terminated", signal === "SIGINT" ? "SIGINT" : "SIGTERM"));
  if (spec.timeoutSec > 0) timers.push(callAfter(spec.timeoutSec * 1000, () => stop("timeout", "SIGTERM")));
  return stops;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // ESRCH: nobody is left in the group.
  }
}
