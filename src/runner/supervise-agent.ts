import { type Agent, type AgentEnd, type Stop, startAgent } from "./agent.ts";
import { drained } from "./drain.ts";
import { firstProcess, type LeftSession } from "./left-session.ts";
import type { Output } from "./output.ts";
import type { Seal } from "./seal.ts";
import { sessionUnusable } from "./session-unusable.ts";
import { type Silence, SilenceWatchdog } from "./silence-watchdog.ts";
import type { RunnerSpec } from "./spec.ts";

export interface Supervision {
  readonly spec: RunnerSpec;
  readonly runDirectory: string;
  readonly workingDirectory: string;
  /** Beside, and before, the runner's own. */
  readonly environment: Readonly<Record<string, string>>;
  readonly output: Output;
  readonly leftSession: LeftSession;
  /** Told before a fresh session is started. */
  readonly onFreshSession: (fresh: NonNullable<Seal["freshSession"]>) => void;
}

/** Characters of Claude Code's own words. */
const MAX_REASON_CHARS = 200;

/** Runs the agent to its end; when the session that it resumes cannot be used, another one with a fresh session. */
export async function superviseAgent(supervision: Supervision): Promise<AgentEnd> {
  const { spec, output } = supervision;
  const startedAt = performance.now();
  const first = await firstProcess(spec);
  if (first.leftSession !== null)
    output.report(`an earlier pod of this run was taken back: its session ${first.leftSession} goes on`);
  const end = await runAgent(supervision, first, startedAt);
  const { fresh } = first;
  const why =
    fresh && end.ending === "exit" ? sessionUnusable(output.stdout.events.facts.known, output.stderr.tail) : null;
  if (!fresh || why === null) return end;
  const { sessionId } = fresh;
  output.report(
    `session ${sessionId} cannot be resumed (${why.slice(0, MAX_REASON_CHARS)}): a fresh session is started`,
  );
  output.stdout.nextProcess();
  supervision.onFreshSession({ insteadOf: sessionId, why: why.slice(0, MAX_REASON_CHARS) });
  return runAgent(supervision, fresh, startedAt);
}

async function runAgent(
  { spec, runDirectory, workingDirectory, environment, output, leftSession }: Supervision,
  { command, prompt }: Pick<NonNullable<RunnerSpec["fresh"]>, "command" | "prompt">,
  startedAt: number,
): Promise<AgentEnd> {
  const { graceSec, timeoutSec } = spec;
  const timeLeftMs = timeoutSec > 0 ? Math.max(0, startedAt + timeoutSec * 1000 - performance.now()) : null;
  const start = { command, prompt, environment, graceSec, timeLeftMs };
  return record(await startAgent(start, runDirectory, workingDirectory), spec, output, leftSession);
}

/** Copies the agent's output until its end, no faster than the log takes it while the agent lives. */
async function record(agent: Agent, spec: RunnerSpec, output: Output, left: LeftSession): Promise<AgentEnd> {
  const { stdout, stderr, writers, report } = output;
  let alive = true;
  const full = (): boolean => writers.some((writer) => writer.full);
  const watchdog = new SilenceWatchdog({
    spec,
    turn: stdout.events.turn,
    isBackPressured: full,
    onSilence: (silence) => {
      report(inWords(silence));
      agent.stop(stopFor(silence));
    },
  });
  for (const writer of writers) {
    writer.onRoom = () => {
      if (!full()) agent.stdout.resume();
    };
  }
  agent.stdout.on("data", (chunk: Buffer) => {
    stdout.push(chunk);
    left.see(stdout.events.facts.known.session_id);
    watchdog.reset();
    if (alive && full()) agent.stdout.pause();
  });
  agent.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  void output.lost?.then(() => agent.stop({ ending: "terminated" }));
  const end = await agent.ended;
  alive = false;
  watchdog.stop();
  agent.stdout.resume();
  await drained(agent.closed, () => stdout.bytes + stderr.bytes);
  agent.stdout.pause();
  agent.killGroup();
  stdout.processEnded();
  return end;
}

const stopFor = ({ ending, sec, waitsFor }: Silence): Stop =>
  ending === "silent" ? { ending, silence: { sec, tool: waitsFor } } : { ending };

function inWords({ ending, sec, waitsFor }: Silence): string {
  const waiting = waitsFor === null ? "" : `, ${waitsFor} in flight`;
  return ending === "after-result"
    ? `the agent has printed its result, and its process has not ended in ${sec} s (terminalResultCleanupGraceMs${waiting}): it is ended`
    : `the agent has printed nothing for ${sec} s (${waitsFor === null ? "silenceLimitSec" : `toolSilenceLimitSec${waiting}`}): it is ended`;
}
