import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { AgentFacts } from "../../src/runner/agent-facts.ts";
import type { SealedAgent } from "../../src/runner/seal.ts";
import { sessionUnusable } from "../../src/runner/session-unusable.ts";

function factsOf(name: string): SealedAgent {
  const facts = new AgentFacts();
  const text = readFileSync(new URL(`../claude/fixtures/${name}.jsonl`, import.meta.url), "utf8");
  for (const line of text.split("\n")) facts.see(Buffer.from(line));
  return facts.known;
}

/** As Claude Code reports an error of the API (fixtures), with the texts of bug reports on unusable sessions. */
const refused = (text: string, more: object = {}): SealedAgent => ({
  init: true,
  result: { subtype: "success", is_error: true, num_turns: 1, api_error_status: 400, text, ...more },
});

const POISONED =
  "API Error: 400 diagnostics.previous_message_id: must be the `id` from a prior /v1/messages response (starts with `msg_`)";

describe("a session that cannot be used", () => {
  it.each(["resume-unknown", "resume-notuuid"])("is recognised in real output: %s", (name) => {
    const { errors = [] } = factsOf(name).result ?? {};
    expect(sessionUnusable(factsOf(name), "")).toBe(errors[0]);
  });

  it.each(["bash", "maxturns", "badmodel", "api400credit", "api401", "api529", "oauth-429sub", "nokey", "resume"])(
    "is not seen in other ends: %s",
    (name) => expect(sessionUnusable(factsOf(name), "")).toBeNull(),
  );

  it("is recognised by what the API says of its history", () => {
    expect(sessionUnusable(refused(POISONED), "")).toBe(POISONED);
    const image = "API Error: 400 messages.3.content.1.image: Could not process image";
    expect(sessionUnusable(refused(image), "")).toBe(image);
    // A version without the field has the status in its text.
    const { result: { api_error_status: _, ...result } = {} } = refused(image);
    expect(sessionUnusable({ result }, "")).toBe(image);
    expect(sessionUnusable(refused("…", { api_error: "tool_history_mismatch" }), "")).toBe("tool_history_mismatch");
    expect(sessionUnusable(refused("…", { terminal_reason: "image_error" }), "")).toBe("image_error");
  });

  it("is recognised in stderr of a Claude Code that prints no event", () => {
    const words = "warning: x\nNo conversation found with session ID: 1\n";
    expect(sessionUnusable({}, words)).toBe("No conversation found with session ID: 1");
    expect(sessionUnusable({ session_id: "new", init: true }, words)).not.toBeNull();
    expect(sessionUnusable({}, "out of memory")).toBeNull();
  });

  it("is usable when anything was done in it, or the words are an answer's", () => {
    expect(sessionUnusable({ ...refused(POISONED), content: true }, "")).toBeNull();
    expect(sessionUnusable(refused(POISONED, { num_turns: 2 }), "")).toBeNull();
    expect(sessionUnusable(refused(POISONED, { is_error: false }), "")).toBeNull();
    expect(sessionUnusable(refused(POISONED, { api_error_status: 529 }), "")).toBeNull();
  });
});
