/** What the demo has to tell, to a person or to a machine. */
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";

export type DemoEvent =
  | { readonly event: "setting"; readonly name: "cluster" | "model" | "image" | "prompt"; readonly text: string }
  | { readonly event: "note"; readonly text: string }
  | ObjectEvent
  /** With --kill: what becomes of the adapter's own process. */
  | { readonly event: "process"; readonly text: string }
  | { readonly event: "log"; readonly stream: "stdout" | "stderr"; readonly line: string }
  /** Something goes on, and may take a while: shown until the next event. */
  | { readonly event: "progress"; readonly text: string }
  /** The same, for a pipe that was told nothing for a while. */
  | { readonly event: "still"; readonly text: string }
  | VerdictEvent
  | LeftBehindEvent
  | {
      readonly event: "failure";
      readonly sentence: string;
      readonly evidence: readonly string[];
      readonly fix: string;
    };

export interface VerdictEvent {
  readonly event: "verdict";
  readonly result: AdapterExecutionResult;
  readonly durations: Durations;
  /** False: the costs are what the tokens would cost, and nobody pays them. */
  readonly billed: boolean;
}

export interface LeftBehindEvent {
  readonly event: "left-behind";
  readonly objects: readonly string[];
  /** False: there may be more, for not everything could be looked at. */
  readonly checked: boolean;
  readonly text: string;
}

export interface ObjectEvent {
  readonly event: "object";
  readonly kind: "Job" | "Pod";
  readonly name: string;
  readonly state: string;
  /** Whether the state is one that somebody should look at. */
  readonly wrong: boolean;
}

/** Milliseconds; absent when its end was not seen. */
export interface Durations {
  /** From the start of the run to the pod's container running. */
  readonly podReady?: number;
  /** What Claude Code itself says it took. */
  readonly agent?: number;
  /** From the call of the adapter's execute() to its answer. */
  readonly run: number;
}

/** Shows events one after the other. */
export interface Show {
  tell(event: DemoEvent): void;
  /** Takes away whatever is only shown for a while. */
  end(): void;
}
