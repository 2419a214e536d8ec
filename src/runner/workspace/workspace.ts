/** The workspace, by its script: before the agent, and after it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agentEnvironment, killGroup, NotStarted, StoppedBefore } from "../agent.ts";
import { drained } from "../drain.ts";
import { parseObject } from "../json-line.ts";
import type { NotPreparedFacts, WorkspaceLeft } from "../seal.ts";
import { RUN_FILES } from "../spec.ts";
import { firstStopSignal, onStopSignal } from "../stop-signals.ts";
import { callAfter } from "../timer.ts";

export interface WorkspacePlaces {
  readonly runDirectory: string;
  readonly workingDirectory: string;
}

/** The script has nothing to save when it is told to stop. Seconds. */
const MAX_GRACE_SEC = 10;
/** For what is asked of the workspace after the agent: within a pod's grace, or where nobody waits. Seconds. */
const KEEP_WITHIN_SEC = { stopped: 8, ended: 60 } as const;
const MARGIN_SEC = 2;

/** The workspace could not be brought, so that the agent was not started. The message has git's own words. */
export class NotPrepared extends Error {
  readonly facts: NotPreparedFacts;

  constructor({ words, ...facts }: NotPreparedFacts & { readonly words: string }) {
    super(words);
    this.facts = facts;
  }
}

/**
 * Brings the workspace. What is told of it is whole lines, each of which says by its first word that it is not the agent's.
 * Rejects with NotPrepared, NotStarted or StoppedBefore.
 */
export async function prepareWorkspace(
  places: WorkspacePlaces,
  graceSec: number,
  tell: (lines: Buffer) => void,
): Promise<void> {
  const before = await firstStopSignal();
  if (before) throw new StoppedBefore(before);
  const script = new Script("prepare", places, []);
  try {
    let told = 0;
    script.child.stdout?.on("data", (chunk: Buffer) => {
      told += chunk.length;
      tell(chunk);
    });
    onStopSignal(() => script.stop(Math.min(graceSec, MAX_GRACE_SEC)));
    const exitCode = await script.ended;
    await drained(script.closed, () => told);
    script.child.stdout?.destroy();
    if (exitCode === 0) return;
    script.kill();
    const signal = await firstStopSignal();
    if (signal) throw new StoppedBefore(signal);
    const failure = readFailure(script.outcome);
    throw failure ?? new NotStarted(125, "cannot bring the workspace", `its script ended with ${exitCode}`);
  } finally {
    script.close();
  }
}

/** What of the agent's work is in no other place; undefined where nobody knows. Never rejects. */
export async function leaveWorkspace(places: WorkspacePlaces, isStopped: boolean): Promise<WorkspaceLeft | undefined> {
  const seconds = isStopped ? KEEP_WITHIN_SEC.stopped : KEEP_WITHIN_SEC.ended;
  try {
    const script = new Script("keep", places, [String(seconds)]);
    const cancel = callAfter((seconds + MARGIN_SEC) * 1000, () => script.kill());
    onStopSignal(() => callAfter(KEEP_WITHIN_SEC.stopped * 1000, () => script.kill()));
    await script.ended;
    cancel();
    script.kill();
    script.close();
    return script.outcome as unknown as WorkspaceLeft | undefined;
  } catch {
    return undefined;
  }
}

class Script {
  readonly child: ChildProcess;
  /** Resolves with the exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  readonly closed: Promise<void>;
  /** What it has left behind, when it has ended. */
  outcome: { readonly [key: string]: unknown } | undefined;
  readonly #folder: string;
  #cancel = (): void => {};

  constructor(mode: "prepare" | "keep", { runDirectory, workingDirectory }: WorkspacePlaces, more: string[]) {
    this.#folder = mkdtempSync(join(tmpdir(), "claude-k8s-"));
    const outcome = join(this.#folder, "outcome");
    const words = [join(runDirectory, RUN_FILES.workspace), mode, workingDirectory, outcome, ...more];
    this.child = spawn("/bin/sh", words, {
      env: agentEnvironment(),
      stdio: ["ignore", mode === "prepare" ? "pipe" : "ignore", "ignore"],
      detached: true,
    });
    this.closed = new Promise((resolve) => this.child.once("close", () => resolve()));
    this.ended = once(this.child, "exit").then(([code]: (number | null)[]) => {
      this.outcome = read(outcome);
      this.#cancel();
      return code ?? null;
    });
  }

  /** SIGTERM, and SIGKILL when the grace is over. */
  stop(graceSec: number): void {
    this.child.kill("SIGTERM");
    this.#cancel = callAfter(graceSec * 1000, () => this.kill());
  }

  kill(): void {
    killGroup(this.child);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function read(file: string): Script["outcome"] {
  try {
    return parseObject(readFileSync(file)) ?? undefined;
  } catch {
    return undefined;
  }
}

function readFailure(outcome: Script["outcome"]): NotPrepared | null {
  if (typeof outcome?.step !== "string" || typeof outcome.cause !== "string") return null;
  return new NotPrepared(outcome as unknown as ConstructorParameters<typeof NotPrepared>[0]);
}
