/** An agent and its runner without a process: the runner's own frames, digest and seal, of lines that come by the clock. */
import { fitSeal } from "../../../src/runner/fit-seal.ts";
import { SEAL_MARK } from "../../../src/runner/frame.ts";
import { FrameBlock } from "../../../src/runner/line-frames.ts";
import { StderrRecord, StdoutRecord } from "../../../src/runner/output-record.ts";
import type { Seal } from "../../../src/runner/seal.ts";
import { type AgentScript, INIT, lineOf, RESULT } from "../agent.ts";
import { preciseNow } from "../clock.ts";

export interface SimulatedEnd {
  readonly exitCode: number;
  /** The termination message. */
  readonly message: string;
}

/** What sh exits with when a signal ended its child, and what SIGTERM makes of an agent without a handler. */
const TERMINATED = 143;

export class SimulatedAgent {
  /** Resolves when it has ended. */
  readonly ended: Promise<SimulatedEnd>;
  readonly #script: AgentScript;
  readonly #log: (frames: Buffer) => void;
  readonly #stdout: StdoutRecord;
  readonly #stderr: StderrRecord;
  readonly #startedAt = Date.now();
  readonly #firstAt = performance.now();
  readonly #end = Promise.withResolvers<SimulatedEnd>();
  #timer: NodeJS.Timeout | undefined;
  #printed = 0;

  constructor(script: AgentScript, log: (frames: Buffer) => void) {
    this.#script = script;
    this.#log = log;
    this.ended = this.#end.promise;
    const block = new FrameBlock(log);
    this.#stdout = new StdoutRecord(block, () => undefined);
    this.#stderr = new StderrRecord(block);
    this.#say(INIT);
    this.#tick();
  }

  /** Its work is done before its time. */
  finish(): void {
    if (this.#timer === undefined) return;
    this.#say(RESULT);
    this.#seal({ exitCode: 0, signal: null, ending: "exit" }, 0);
  }

  /** SIGTERM. */
  terminate(): void {
    if (this.#timer === undefined) return;
    this.#seal({ exitCode: null, signal: "SIGTERM", ending: "terminated" }, TERMINATED);
  }

  #tick(): void {
    this.#timer = this.#untilNext();
    if (this.#printed === this.#script.lines) this.finish();
    else {
      this.#printed += 1;
      this.#say(lineOf(this.#printed, preciseNow()));
    }
  }

  /**
   * By the agent's own clock. Intervals of one length start again together when a busy process has once fired them
   * together, and after some minutes a thousand agents would speak as a few choirs, as no agents in pods do.
   */
  #untilNext(): NodeJS.Timeout {
    const at = this.#firstAt + (this.#printed + 1) * this.#script.periodMs;
    return setTimeout(() => this.#tick(), Math.max(0, at - performance.now()));
  }

  #say(line: string): void {
    this.#stdout.push(Buffer.from(`${line}\n`));
  }

  #seal(end: Pick<Seal, "exitCode" | "signal" | "ending">, exitCode: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const message = fitSeal({
      v: 1,
      runner: "node",
      ...end,
      startedAt: this.#startedAt,
      endedAt: Date.now(),
      stdout: this.#stdout.end(),
      stderr: this.#stderr.end(),
      agent: this.#stdout.events.facts.known,
    });
    if (end.ending === "terminated") this.#log(Buffer.from(`${SEAL_MARK}${message}\n`));
    this.#end.resolve({ exitCode, message });
  }
}
