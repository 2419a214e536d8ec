import type { RunnerSpec } from "./spec.ts";
import { callAfter } from "./timer.ts";
import type { TurnState } from "./turn-state.ts";

/** Why an agent that still runs is to be ended. `waitsFor` names the tool call or background task in flight. */
export interface Silence {
  readonly ending: "after-result" | "silent";
  readonly sec: number;
  readonly waitsFor: string | null;
}

/** A background task reports by another turn: while one is in flight, the grace after a result is so many times longer. */
const BACKGROUND_GRACES = 6;

/** A timer so much too late means that everything here stood still, the agent too: nobody was silent. Milliseconds. */
const PROCESS_PAUSED_MS = 5_000;

export interface SilenceWatchdogOptions {
  readonly spec: Pick<RunnerSpec, "terminalResultGraceMs" | "silenceLimitSec" | "toolSilenceLimitSec">;
  readonly turn: TurnState;
  /** True while the agent's output is not read because the log takes no more: then it is not the agent that is silent. */
  readonly isBackPressured: () => boolean;
  readonly onSilence: (idle: Silence) => void;
}

/** Calls `onIdle` once, when the agent has printed nothing for longer than its place in the turn allows. */
export class SilenceWatchdog {
  readonly #input: SilenceWatchdogOptions;
  #lastOutputAt = performance.now();
  #checkAt = Number.POSITIVE_INFINITY;
  #cancelCheck: () => void = () => {};

  constructor(input: SilenceWatchdogOptions) {
    this.#input = input;
    this.#arm();
  }

  /** The agent has printed something. */
  reset(): void {
    this.#lastOutputAt = performance.now();
    // Most often the check that is due will find this out by itself.
    if (this.#dueAt() < this.#checkAt) this.#arm();
  }

  stop(): void {
    this.#cancelCheck();
    this.#lastOutputAt = this.#checkAt = Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    this.#cancelCheck();
    this.#checkAt = this.#dueAt();
    if (this.#checkAt === Number.POSITIVE_INFINITY) return;
    this.#cancelCheck = callAfter(Math.max(0, Math.ceil(this.#checkAt - performance.now())), () => this.#check());
  }

  #check(): void {
    const now = performance.now();
    if (this.#input.isBackPressured() || now - this.#checkAt > PROCESS_PAUSED_MS) this.#lastOutputAt = now;
    if (now < this.#dueAt()) {
      this.#arm();
      return;
    }
    const { turn, onSilence: onIdle } = this.#input;
    const sec = Math.round((now - this.#lastOutputAt) / 1000);
    this.stop();
    onIdle({ ending: turn.ended ? "after-result" : "silent", sec, waitsFor: turn.waitsFor });
  }

  #dueAt(): number {
    const { spec, turn } = this.#input;
    const { terminalResultGraceMs = 0, silenceLimitSec = 0, toolSilenceLimitSec = 0 } = spec;
    const isWaiting = turn.waitsFor !== null;
    const silenceMs = (isWaiting ? toolSilenceLimitSec : silenceLimitSec) * 1000;
    const graceMs = turn.ended ? terminalResultGraceMs * (isWaiting ? BACKGROUND_GRACES : 1) : 0;
    const limit = graceMs || silenceMs;
    return limit > 0 ? this.#lastOutputAt + limit : Number.POSITIVE_INFINITY;
  }
}
