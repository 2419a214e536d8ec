/** Where the output of the agent goes: to the log in this container, or to the recorder in another. */
import type { EventReader } from "./event-reader.ts";

export interface StdoutSink {
  readonly events: EventReader;
  /** So far. */
  readonly bytes: number;
  push(chunk: Buffer): void;
  /** The process has ended: its last line may have no newline. */
  processEnded(): void;
  /** Another process goes on writing, on a line of its own: what the last one said of itself is forgotten. */
  nextProcess(): void;
}

export interface StderrSink {
  /** So far. */
  readonly bytes: number;
  /** The end of what was said. */
  readonly tail: string;
  push(chunk: Buffer): void;
  /** Whole lines that are not the agent's own words: they are told, and are no part of its end. */
  note(lines: Buffer): void;
}

/** Of somebody who takes the output out of the container. */
export interface BackPressure {
  readonly full: boolean;
  /** Called when it was full and has room again. */
  onRoom: () => void;
}

export interface Output {
  readonly stdout: StdoutSink;
  readonly stderr: StderrSink;
  /** The agent is read no faster than they are. */
  readonly writers: readonly BackPressure[];
  /** Resolves when nobody takes the output any more, so that the agent is to be ended. @default never */
  readonly lost?: Promise<void>;
  /** A sentence of the runner itself, among the agent's stderr. */
  report(sentence: string): void;
}
