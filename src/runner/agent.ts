import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Seal } from "./seal.ts";
import { CONFIG_DIRECTORY, type CommandWord, type RunnerSpec } from "./spec.ts";
import { firstStopSignal, onStopSignal } from "./stop-signals.ts";
import { callAfter } from "./timer.ts";

export interface Agent {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when the process has ended; never rejects. Its pipes may still be open then. */
  readonly ended: Promise<AgentEnd>;
  /** Settles when both pipes are at their end; never rejects. */
  readonly closed: Promise<void>;
  /** Ends it: SIGTERM, grace, SIGKILL of its group. Only the first call counts, and the first of the runner's own reasons. */
  stop(why: Stop): void;
  /** SIGKILL to whatever is left in the agent's process group. */
  killGroup(): void;
}

export interface Stop {
  readonly ending: "terminated" | "timeout" | "after-result" | "silent";
  readonly silence?: NonNullable<Seal["silence"]>;
}

export type AgentEnd = Pick<Seal, "exitCode" | "signal" | "ending" | "silence" | "notPrepared" | "error">;

/** What is started, and how long it may take. */
export interface AgentStart {
  readonly command: RunnerSpec["command"];
  /** Name of the prompt's file in the run's directory. */
  readonly prompt: string;
  /** Beside, and before, the runner's own. */
  readonly environment: Readonly<Record<string, string>>;
  /** Seconds between SIGTERM and SIGKILL. */
  readonly graceSec: number;
  /** Milliseconds until its time is up; null = it has no limit. */
  readonly timeLeftMs: number | null;
}

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
export async function startAgent(start: AgentStart, runDirectory: string, workingDirectory: string): Promise<Agent> {
  const [program, ...args] = wordsOf(start.command, runDirectory);
  prepare("cannot make the working directory", () => mkdirSync(workingDirectory, { recursive: true }));
  const prompt = prepare("cannot read the prompt", () => openSync(join(runDirectory, start.prompt), "r"));
  const stopSignal = await firstStopSignal();
  if (stopSignal) throw new StoppedBefore(stopSignal);
  const child = await spawned(program, () => {
    const process = spawn(program, args, {
      cwd: workingDirectory,
      env: { ...agentEnvironment(), ...start.environment },
      stdio: [prompt, "pipe", "pipe"],
      detached: true,
    });
    closeSync(prompt);
    return process;
  });
  const stops = new Stops(child, start);
  return {
    stdout: child.stdout as Readable,
    stderr: child.stderr as Readable,
    ended: untilEnded(child, stops),
    closed: new Promise((resolve) => child.once("close", () => resolve())),
    stop: (why) => stops.stop(why, "SIGTERM"),
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

/** The program and its arguments, where they are in this pod. */
export function wordsOf(command: RunnerSpec["command"], runDirectory: string): [string, ...string[]] {
  const text = (word: CommandWord): string => (typeof word === "string" ? word : join(runDirectory, word.runFile));
  const [program, ...args] = command;
  return [text(program), ...args.map(text)];
}

/** Without what is meant for the runner. start.sh keeps NODE_OPTIONS from it, under another name: they are the agent's. */
export function agentEnvironment(): NodeJS.ProcessEnv {
  const { CLAUDE_K8S_NODE_OPTIONS: options, [CONFIG_DIRECTORY]: _, ...env } = process.env;
  return options === undefined ? env : { ...env, NODE_OPTIONS: options };
}

function prepare<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new NotStarted(125, what, error);
  }
}

async function untilEnded(child: ChildProcess, stops: Stops): Promise<AgentEnd> {
  // A signal that could not be sent is reported by this event; it ends nothing.
  child.on("error", () => {});
  const [exitCode, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  stops.cancelTimers();
  return { exitCode, signal, ...(stops.first ?? { ending: "exit" }) };
}

/** What is done when the session was saved before: seconds, at most, from SIGTERM to SIGKILL after a result. */
const AFTER_RESULT_GRACE_SEC = 10;

/**
 * Forwards what the runner is told to do, and ends the agent when its time is up. SIGINT stays SIGINT; the others
 * become SIGTERM (an image's STOPSIGNAL may be any of them). Only the first stop: it starts the grace and names the
 * reason; to be told twice is for many programs the order to leave everything as it is.
 */
class Stops {
  first: Stop | null = null;
  readonly #child: ChildProcess;
  readonly #graceSec: number;
  readonly #timers: (() => void)[] = [];

  constructor(child: ChildProcess, { graceSec, timeLeftMs }: AgentStart) {
    this.#child = child;
    this.#graceSec = graceSec;
    onStopSignal((signal) => this.stop({ ending: "terminated" }, signal === "SIGINT" ? "SIGINT" : "SIGTERM"));
    if (timeLeftMs !== null)
      this.#timers.push(callAfter(timeLeftMs, () => this.stop({ ending: "timeout" }, "SIGTERM")));
  }

  stop(why: Stop, signal: NodeJS.Signals): void {
    if (this.first) return;
    this.first = why;
    this.#child.kill(signal);
    const graceSec = why.ending === "after-result" ? Math.min(this.#graceSec, AFTER_RESULT_GRACE_SEC) : this.#graceSec;
    this.#timers.push(callAfter(graceSec * 1000, () => killGroup(this.#child)));
  }

  cancelTimers(): void {
    for (const cancel of this.#timers) cancel();
  }
}

export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // ESRCH: nobody is left in the group.
  }
}
