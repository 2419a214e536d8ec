/**
 * The header with which Paperclip's claude_local names the agent in each request to the model, so that a gateway can tell
 * who spent what.
 */
const NAME = "X-Anthropic-Agent-Id";
const IS_SET = new RegExp(`^\\s*${NAME}\\s*:`, "im");
const MAX_CHARACTERS = 256;

/** The value of ANTHROPIC_CUSTOM_HEADERS, one header a line; a header that is set already stays. */
export function withAgentHeader(headers: string | undefined, agentId: string): string | undefined {
  // A line break would begin another header.
  const id = agentId
    .replace(/[\r\n]/g, "")
    .trim()
    .slice(0, MAX_CHARACTERS);
  if (!id || IS_SET.test(headers ?? "")) return headers;
  return [headers?.trimEnd(), `${NAME}: ${id}`].filter(Boolean).join("\n");
}
