import type { IncomingHttpHeaders } from "node:http";

/** One request to the Messages API, as far as a script wants to know it. */
export interface Conversation {
  /**
   * `main` the agent's own conversation; `helper` one of its subagents; `side` anything else that the CLI asks the model
   * for (a title, a summary): it offers no tools.
   */
  readonly role: "main" | "helper" | "side";
  /** How many times the model has answered in this conversation so far. */
  readonly step: number;
  /** How many times this step has been asked before: 0 at first, more when the CLI retries. */
  readonly attempt: number;
  /** Claude Code's own session id; empty for another client. */
  readonly sessionId: string;
  /** Which subagent asks; empty for the main agent. */
  readonly agentId: string;
  readonly model: string;
  readonly stream: boolean;
  /** The newest thing that the user (not a tool) said, without Claude Code's reminders. */
  readonly prompt: string;
  /** What the newest tool call gave; undefined when the newest message is no tool's result. */
  readonly toolResult: { readonly text: string; readonly isError: boolean } | undefined;
  readonly headers: IncomingHttpHeaders;
  /** The request's body as it came. */
  readonly body: MessagesRequest;
}

export interface MessagesRequest {
  readonly model?: string;
  readonly stream?: boolean;
  readonly messages?: readonly RequestMessage[];
  readonly tools?: readonly { readonly name?: string }[];
  readonly [field: string]: unknown;
}

interface RequestMessage {
  readonly role?: string;
  readonly content?: string | readonly RequestBlock[];
}

interface RequestBlock {
  readonly type?: string;
  readonly text?: string;
  readonly content?: string | readonly RequestBlock[];
  readonly is_error?: boolean;
}

export function readConversation(body: MessagesRequest, headers: IncomingHttpHeaders): Omit<Conversation, "attempt"> {
  const messages = body.messages ?? [];
  const newest = messages.findLast((message) => message.role === "user");
  const result = blocksOf(newest).findLast((block) => block.type === "tool_result");
  const said = messages.findLast((message) => message.role === "user" && words(message) !== "");
  return {
    role: roleOf(body, headers),
    step: messages.filter((message) => message.role === "assistant").length,
    sessionId: String(headers["x-claude-code-session-id"] ?? ""),
    agentId: String(headers[AGENT_ID] ?? ""),
    model: body.model ?? "unknown",
    stream: body.stream === true,
    prompt: said ? words(said) : "",
    toolResult: result && { text: textOf(result.content), isError: result.is_error === true },
    headers,
    body,
  };
}

/** Claude Code 2.1.330 names the subagent that asks, and only then (measured). */
const AGENT_ID = "x-claude-code-agent-id";

function roleOf(body: MessagesRequest, headers: IncomingHttpHeaders): Conversation["role"] {
  if (headers[AGENT_ID] !== undefined) return "helper";
  return (body.tools ?? []).length === 0 ? "side" : "main";
}

/** Claude Code puts reminders of its own beside what the user says. */
const REMINDER = /<system-reminder>[\s\S]*?<\/system-reminder>/g;

function words(message: RequestMessage): string {
  const texts = blocksOf(message).filter((block) => block.type === "text");
  return texts
    .map((block) => (block.text ?? "").replaceAll(REMINDER, "").trim())
    .filter(Boolean)
    .join("\n");
}

function blocksOf(message: RequestMessage | undefined): readonly RequestBlock[] {
  const content = message?.content ?? [];
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

function textOf(content: RequestBlock["content"]): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((block) => block.text ?? "").join("\n");
}
