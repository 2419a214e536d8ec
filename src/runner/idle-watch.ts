import type { RunnerSpec } from "./spec.ts";
import { callAfter } from "./timer.ts";
import type { TurnState } from "./turn-state.ts";

/** Why an agent that still runs is to be ended. `waitsFor` names the tool call or background task in flight. */
export interface Idle {
  readonly ending: "after-result" | "silent";
  readonly sec: number;
  readonly waitsFor: string | null;
}

/** A background task reports by another turn: while one is in flight, the grace after a result is so many times longer. */
const BACKGROUND_GRACES = 6;

/** A timer so much too late means that everything here stood still, the agent too: nobody was silent. Milliseconds. */
const STOOD_STILL_MS = 5_000;

export interface IdleWatchInput {
  readonly spec: Pick<RunnerSpec, "terminalResultGraceMs" | "silenceLimitSec" | "toolSilenceLimitSec">;
  readonly turn: TurnState;
  /** True while the agent's output is not read because the log takes no more: then it is not the agent that is silent. */
  readonly isHeldUp: () => boolean;
  readonly onIdle: (idle: Idle) => void;
}

/** Calls `onIdle` once, when the agent has printed nothing for longer than its place in the turn allows. */
export class IdleWatch {
  readonly #input: IdleWatchInput;
  #heardAt = performance.now();
  #checkAt = Number.POSITIVE_INFINITY;
  #cancelCheck: () => void = () => {};

  constructor(input: IdleWatchInput) {
    this.#input = input;
    this.#arm();
  }

  /** The agent has printed something. */
  heard(): void {
    this.#heardAt = performance.now();
    // Most often the check that is due will find this out by itself.
    if (this.#dueAt() < this.#checkAt) this.#arm();
  }

  stop(): void {
    this.#cancelCheck();
    this.#heardAt = this.#checkAt = Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    this.#cancelCheck();
    this.#checkAt = this.#dueAt();
    if (this.#checkAt === Number.POSITIVE_INFINITY) return;
    this.#cancelCheck = callAfter(Math.max(0, Math.ceil(this.#checkAt - performance.now())), () => this.#check());
  }

  #check(): void {
    const now = performance.now();
    if (this.#input.isHeldUp() || now - this.#checkAt > STOOD_STILL_MS) this.#heardAt = now;
    if (now < this.#dueAt()) {
      this.#arm();
      return;
    }
    const { turn, onIdle } = this.#input;
    const sec = Math.round((now - this.#heardAt) / 1000);
    this.stop();
    onIdle({ ending: turn.over ? "after-result" : "silent", sec, waitsFor: turn.waitsFor });
  }

  #dueAt(): number {
    const { spec, turn } = this.#input;
    const { terminalResultGraceMs = 0, silenceLimitSec = 0, toolSilenceLimitSec = 0 } = spec;
    const isWaiting = turn.waitsFor !== null;
    const silenceMs = (isWaiting ? toolSilenceLimitSec : silenceLimitSec) * 1000;
    const graceMs = turn.over ? terminalResultGraceMs * (isWaiting ? BACKGROUND_GRACES : 1) : 0;
    const limit = graceMs || silenceMs;
    return limit > 0 ? this.#heardAt + limit : Number.POSITIVE_INFINITY;
  }
}
