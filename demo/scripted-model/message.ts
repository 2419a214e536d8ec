import type { Block, Reply, Usage } from "./turn.ts";

/** One server-sent event of the Messages API; `type` is also the event's name. */
export interface StreamEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface MessageHead {
  readonly id: string;
  readonly model: string;
  readonly usage: Usage;
}

/** Characters in one delta: small enough that words appear one after the other. */
const DELTA_CHARS = 24;
/** Bytes in one delta of filler: large, because filler is about volume. */
const FILLER_BYTES = 32 * 1024;
const FILLER_LINE = `${"0123456789abcdef".repeat(4).slice(0, 63)}\n`;

export function* openingEvents(head: MessageHead): Generator<StreamEvent> {
  const message = { ...emptyMessage(head), usage: { ...head.usage, output_tokens: 1 } };
  yield { type: "message_start", message };
}

export function* blockEvents(blocks: readonly Block[], messageId: string): Generator<StreamEvent> {
  for (const [index, block] of blocks.entries()) {
    yield { type: "content_block_start", index, content_block: emptyBlock(block, toolId(messageId, index)) };
    for (const delta of deltas(block)) yield { type: "content_block_delta", index, delta };
    yield { type: "content_block_stop", index };
  }
}

export function* closingEvents(reply: Reply, head: MessageHead): Generator<StreamEvent> {
  if (reply.thenError) {
    yield { type: "error", error: reply.thenError };
    return;
  }
  const delta = { stop_reason: stopReason(reply.blocks), stop_sequence: null };
  yield { type: "message_delta", delta, usage: { output_tokens: head.usage.output_tokens } };
  yield { type: "message_stop" };
}

/** The same answer for a client that asked without `stream`. */
export function wholeMessage(reply: Reply, head: MessageHead): Record<string, unknown> {
  const content = reply.blocks.map((block, index) => wholeBlock(block, toolId(head.id, index)));
  return { ...emptyMessage(head), content, stop_reason: stopReason(reply.blocks), usage: head.usage };
}

/** Counts four bytes as a token, as a rough model would: more input and more output cost more. */
export function estimateUsage(requestBytes: number, blocks: readonly Block[], stated: Partial<Usage> = {}): Usage {
  return {
    input_tokens: Math.ceil(requestBytes / 4),
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: Math.max(1, Math.ceil(blocks.reduce((sum, block) => sum + sizeOf(block), 0) / 4)),
    ...stated,
  };
}

function emptyMessage(head: MessageHead): Record<string, unknown> {
  const { id, model } = head;
  return { id, type: "message", role: "assistant", model, content: [], stop_reason: null, stop_sequence: null };
}

function stopReason(blocks: readonly Block[]): "tool_use" | "end_turn" {
  return blocks.some((block) => block.type === "tool_use") ? "tool_use" : "end_turn";
}

function toolId(messageId: string, index: number): string {
  return `toolu_${messageId.replace(/^msg_/, "")}_${index}`;
}

function emptyBlock(block: Block, id: string): Record<string, unknown> {
  switch (block.type) {
    case "thinking":
      return { type: "thinking", thinking: "", signature: "" };
    case "text":
    case "filler":
      return { type: "text", text: "" };
    case "tool_use":
      return { type: "tool_use", id, name: block.name, input: {} };
  }
}

function wholeBlock(block: Block, id: string): Record<string, unknown> {
  switch (block.type) {
    case "thinking":
      return { ...block, signature: SIGNATURE };
    case "text":
      return { ...block };
    case "filler":
      return { type: "text", text: [...fillerPieces(block.bytes)].join("") };
    case "tool_use":
      return { ...block, id };
  }
}

/** A real signature proves that a thinking block is the model's own; nobody checks this one. */
const SIGNATURE = Buffer.from("scripted").toString("base64");

function* deltas(block: Block): Generator<Record<string, unknown>> {
  switch (block.type) {
    case "thinking":
      for (const piece of pieces(block.thinking)) yield { type: "thinking_delta", thinking: piece };
      yield { type: "signature_delta", signature: SIGNATURE };
      return;
    case "text":
      for (const piece of pieces(block.text)) yield { type: "text_delta", text: piece };
      return;
    case "filler":
      for (const piece of fillerPieces(block.bytes)) yield { type: "text_delta", text: piece };
      return;
    case "tool_use":
      for (const piece of pieces(JSON.stringify(block.input))) yield { type: "input_json_delta", partial_json: piece };
      return;
  }
}

/** Cuts between characters, never inside a surrogate pair. */
function* pieces(words: string): Generator<string> {
  const characters = Array.from(words);
  for (let at = 0; at < characters.length; at += DELTA_CHARS) yield characters.slice(at, at + DELTA_CHARS).join("");
}

function* fillerPieces(bytes: number): Generator<string> {
  const piece = FILLER_LINE.repeat(FILLER_BYTES / FILLER_LINE.length);
  for (let left = bytes; left > 0; left -= piece.length) yield left >= piece.length ? piece : piece.slice(0, left);
}

function sizeOf(block: Block): number {
  switch (block.type) {
    case "thinking":
      return Buffer.byteLength(block.thinking);
    case "text":
      return Buffer.byteLength(block.text);
    case "filler":
      return block.bytes;
    case "tool_use":
      return Buffer.byteLength(JSON.stringify(block.input));
  }
}
