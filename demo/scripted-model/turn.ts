/** What the scripted model does when it is asked once. Build turns with the functions below. */
export type Turn = Reply | Refusal | Stall | HangUp | Attempts;

export type Block =
  | { readonly type: "thinking"; readonly thinking: string }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "filler"; readonly bytes: number }
  | { readonly type: "tool_use"; readonly name: string; readonly input: Readonly<Record<string, unknown>> };

export interface Usage {
  readonly input_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly output_tokens: number;
}

/** An answer. It ends with `tool_use` when a tool is called, else with `end_turn`. */
export interface Reply extends Pace {
  readonly kind: "reply";
  readonly blocks: readonly Block[];
  /** Token counts to report instead of the estimate (four bytes to a token). */
  readonly usage?: Partial<Usage>;
  /**
   * Sent as an `error` event after the blocks, in place of the message's end. Claude Code 2.1.330 then keeps the blocks as
   * an assistant turn and asks to go on (so the next try is the next step), three times at most (measured).
   */
  readonly thenError?: ApiErrorBody;
}

/** An HTTP error, as the real API words it. */
export interface Refusal {
  readonly kind: "refusal";
  readonly status: number;
  readonly error: ApiErrorBody;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Says the blocks, then neither goes on nor hangs up, until the client leaves. */
export interface Stall extends Pace {
  readonly kind: "stall";
  readonly blocks: readonly Block[];
}

/** Says the blocks, then resets the connection. */
export interface HangUp extends Pace {
  readonly kind: "hang-up";
  readonly blocks: readonly Block[];
}

/** Another turn for each try at the same step (the CLI retries errors); the last one repeats. */
export interface Attempts {
  readonly kind: "attempts";
  readonly turns: readonly [Turn, ...Turn[]];
}

export interface Pace {
  /** Milliseconds before the first byte of the answer. @default 0 */
  readonly delayMs?: number;
  /** Milliseconds between two pieces of the stream. @default 0 */
  readonly paceMs?: number;
}

interface ApiErrorBody {
  readonly type: string;
  readonly message: string;
}

export const text = (words: string): Block => ({ type: "text", text: words });
export const thinking = (words: string): Block => ({ type: "thinking", thinking: words });
/** A text of exactly so many bytes, made while it is sent. */
export const filler = (bytes: number): Block => ({ type: "filler", bytes });
export const toolUse = (name: string, input: Record<string, unknown>): Block => ({ type: "tool_use", name, input });
/** The tool that really runs something. `description` is what Claude Code shows beside the command. */
export const bash = (command: string, description?: string): Block =>
  toolUse("Bash", description === undefined ? { command } : { command, description });

export const say = (blocks: readonly Block[], more: Omit<Reply, "kind" | "blocks"> = {}): Reply => ({
  kind: "reply",
  blocks,
  ...more,
});
export const stall = (blocks: readonly Block[] = [], pace: Pace = {}): Stall => ({ kind: "stall", blocks, ...pace });
export const hangUp = (blocks: readonly Block[] = [], pace: Pace = {}): HangUp => ({
  kind: "hang-up",
  blocks,
  ...pace,
});
export const attempts = (first: Turn, ...others: Turn[]): Attempts => ({ kind: "attempts", turns: [first, ...others] });
