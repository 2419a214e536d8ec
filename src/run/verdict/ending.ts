import type { Seal } from "../../runner/seal.ts";
import type { Terminated } from "../observe/observe.ts";

/** How the agent's process ended, as far as anybody saw it. */
export interface Ending {
  /** Null: a signal ended it, it never started, or nobody saw its end. */
  readonly exitCode: number | null;
  /** Such as `SIGKILL`; null when it exited, or nobody saw its end. */
  readonly signal: string | null;
  /**
   * True: it ended without being told to. False: it was told to stop, or killed. Null: nobody can say.
   */
  readonly byItself: boolean | null;
  /** For a sentence: `exit code 137 (SIGKILL)`, `signal SIGTERM`; null when the end was not seen. */
  readonly words: string | null;
}

/** True when the runner was told to stop before it had started the agent. */
export function stoppedBeforeStart(seal: Seal | null): boolean {
  return seal?.ending === "terminated" && seal.exitCode === null && seal.signal === null;
}

const NOT_SEEN: Ending = { exitCode: null, signal: null, byItself: null, words: null };

/**
 * The seal of a recorder has the agent's end from the agent's container, whose status is the kubelet's: where the two differ,
 * or nothing was told, that status stands.
 */
export function withSeenEnd(seal: Seal | null, container: Terminated | null): Seal | null {
  if (!seal || !container || seal.ending === "unknown") return seal;
  const { ending, exitCode, signal } = seal;
  if (ending === "not-started" || stoppedBeforeStart(seal)) return seal;
  const number = [...SIGNALS].find(([, name]) => name === signal)?.[0];
  const told = exitCode ?? (number === undefined ? null : 128 + number);
  // The runner of an agent that it ended after its result ends as the result says.
  const agrees = ending === "after-result" ? container.exitCode <= 1 : told === null || told === container.exitCode;
  return agrees ? seal : { ...seal, ending: "unknown", exitCode: null, signal: null };
}

/** The seal speaks of the agent itself; without it the container's end stands for the agent's. */
export function endingOf(seal: Seal | null, container: Terminated | null): Ending {
  if (seal && seal.ending !== "unknown") {
    const byItself = seal.ending === "exit" && seal.signal === null;
    return {
      exitCode: seal.exitCode,
      signal: seal.signal,
      byItself,
      words: describeEnding(seal.exitCode, seal.signal),
    };
  }
  if (!container) return NOT_SEEN;
  // PID 1 cannot report a signal that killed it: the runtime gives 128 + the signal's number instead.
  const signal = signalName(container.signal) ?? signalOf(container.exitCode);
  return {
    exitCode: container.exitCode,
    signal,
    byItself: signal === null ? true : null,
    words: describeEnding(container.exitCode, signal),
  };
}

function describeEnding(exitCode: number | null, signal: string | null): string | null {
  if (exitCode === null) return signal === null ? null : `signal ${signal}`;
  const name = signal ?? signalOf(exitCode);
  return name === null ? `exit code ${exitCode}` : `exit code ${exitCode} (${name})`;
}

const SIGNALS: ReadonlyMap<number, string> = new Map([
  [1, "SIGHUP"],
  [2, "SIGINT"],
  [3, "SIGQUIT"],
  [4, "SIGILL"],
  [6, "SIGABRT"],
  [7, "SIGBUS"],
  [8, "SIGFPE"],
  [9, "SIGKILL"],
  [11, "SIGSEGV"],
  [13, "SIGPIPE"],
  [14, "SIGALRM"],
  [15, "SIGTERM"],
]);

function signalName(number: number | null): string | null {
  return number === null ? null : (SIGNALS.get(number) ?? `signal ${number}`);
}

/** The signal that an exit code above 128 stands for by convention; null when it stands for none. */
function signalOf(exitCode: number): string | null {
  return SIGNALS.get(exitCode - 128) ?? null;
}
