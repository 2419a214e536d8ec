import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { type AgentEnd, NotStarted, StoppedBefore, wordsOf } from "./agent.ts";
import { type ConfigDirectory, makeConfigDirectory } from "./config-directory.ts";
import { fileOf, LeftSession } from "./left-session.ts";
import type { Output } from "./output.ts";
import { LAST_WRITES_MS } from "./recording.ts";
import type { Seal, WorkspaceLeft } from "./seal.ts";
import { CONFIG_DIRECTORY, RUN_FILES, type RunnerSpec } from "./spec.ts";
import { superviseAgent } from "./supervise-agent.ts";
import { withTimeout } from "./timer.ts";
import { leaveWorkspace, NotPrepared, prepareWorkspace } from "./workspace/workspace.ts";

export interface AgentRun {
  readonly runDirectory: string;
  readonly workingDirectory: string;
  /** Where the agent's output goes; rejecting means that the agent is not to be started. */
  readonly openOutput: () => Promise<Output>;
  /** A sentence of the runner itself, also when there is no output. */
  readonly report: (sentence: string) => void;
  readonly onFreshSession: (fresh: NonNullable<Seal["freshSession"]>) => void;
}

export interface AgentRunEnd {
  readonly end: AgentEnd;
  /** For the container. */
  readonly exitCode: number;
  /** Brings home what the run changed of Claude Code's configuration. */
  readonly bringHome: () => Promise<void> | undefined;
  /** What of its work is in no other place than the workspace; undefined where nobody is to ask. */
  readonly leaveWorkspace: () => Promise<WorkspaceLeft | undefined>;
}

/** Runs the agent as the run's Secret says. Never rejects. */
export async function runAgent(run: AgentRun): Promise<AgentRunEnd> {
  let config: ConfigDirectory | null = null;
  const bringHome = (): Promise<void> | undefined => config?.bringHome();
  try {
    const spec = readSpec(run.runDirectory);
    const output = await run.openOutput();
    if (spec.workspace) await prepareWorkspace(run, spec.graceSec, (lines) => output.stderr.note(lines));
    config = await configDirectory(spec, run);
    const environment = config?.environment ?? {};
    const leftSession = new LeftSession(fileOf(spec));
    const end = await superviseAgent({ ...run, spec, environment, output, leftSession });
    const bringAllHome = async (): Promise<void> => {
      await Promise.all([bringHome(), leftSession.end(end)]);
    };
    const leave = async () => (spec.workspace?.keeps ? leaveWorkspace(run, end.ending === "terminated") : undefined);
    return { end, exitCode: exitCodeFor(end, output), bringHome: bringAllHome, leaveWorkspace: leave };
  } catch (fault) {
    const error = fault instanceof Error ? fault.message : String(fault);
    run.report(error);
    const ending = fault instanceof StoppedBefore ? "terminated" : "not-started";
    const exitCode = fault instanceof NotStarted || fault instanceof StoppedBefore ? fault.exitCode : 125;
    const notPrepared = fault instanceof NotPrepared ? { notPrepared: fault.facts } : {};
    const end = { exitCode: null, signal: null, ending, ...notPrepared, error } as const;
    return { end, exitCode, bringHome, leaveWorkspace: async () => undefined };
  }
}

/** Throws where the Secret is not as the adapter makes it. */
export const readSpec = (runDirectory: string): RunnerSpec =>
  JSON.parse(readFileSync(join(runDirectory, RUN_FILES.spec), "utf8")) as RunnerSpec;

async function configDirectory({ command }: RunnerSpec, run: AgentRun): Promise<ConfigDirectory | null> {
  const directory = process.env[CONFIG_DIRECTORY];
  if (!directory) return null;
  try {
    const made = makeConfigDirectory(directory, wordsOf(command, run.runDirectory), process.env);
    return await withTimeout(LAST_WRITES_MS, made);
  } catch (error) {
    run.report(`Claude Code uses the home's configuration directory: ${(error as Error).message}`);
    return null;
  }
}

/** An agent that was ended after its result ends as its result says: its work was done. */
function exitCodeFor(end: AgentEnd, { stdout }: Output): number {
  if (end.ending === "after-result") return stdout.events.facts.known.result?.is_error ? 1 : 0;
  return end.exitCode ?? 128 + (constants.signals[end.signal as NodeJS.Signals] ?? 0);
}
