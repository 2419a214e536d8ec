import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { AgentFacts } from "../../src/runner/agent-facts.ts";
import type { SealedAgent } from "../../src/runner/seal.ts";

/** What real output of Claude Code (2.1.330) teaches, line by line. */
function factsOf(fixture: string): SealedAgent {
  const facts = new AgentFacts();
  const text = readFileSync(new URL(`../claude/fixtures/${fixture}.jsonl`, import.meta.url), "utf8");
  for (const line of text.split("\n")) facts.see(Buffer.from(line));
  return facts.known;
}

describe("AgentFacts", () => {
  it("learns session, model and result of a run that went well", () => {
    expect(factsOf("bash")).toEqual({
      session_id: "ca6082dd-e8a1-4f54-b92d-db7990f9a4db",
      model: "claude-sonnet-4-5",
      init: true,
      content: true,
      result: {
        subtype: "success",
        is_error: false,
        num_turns: 2,
        duration_ms: 1434,
        total_cost_usd: 0.0015300000000000001,
        run_cost_usd: 0.0015300000000000001,
        usage: {
          input_tokens: 200,
          cache_creation_input_tokens: 40,
          cache_read_input_tokens: 100,
          output_tokens: 50,
        },
        terminal_reason: "completed",
        stop_reason: "end_turn",
        text: "Hello from the fake model. The task is done.",
      },
    });
  });

  it("learns the errors of a result", () => {
    expect(factsOf("maxturns").result).toMatchObject({
      subtype: "error_max_turns",
      is_error: true,
      terminal_reason: "max_turns",
      errors: ["Reached maximum number of turns (2)"],
    });
    expect(factsOf("badmodel").result).toMatchObject({
      subtype: "success",
      is_error: true,
      api_error_status: 404,
      api_error_type: "not_found_error",
    });
  });

  it("learns the session from a result alone", () => {
    expect(factsOf("resume-unknown")).toMatchObject({
      session_id: "11111111-2222-4333-8444-555555555555",
      result: { errors: ["No conversation found with session ID: 11111111-2222-4333-8444-555555555555"] },
    });
  });

  it.each(["sigterm-tool", "sigkill-tool"])("knows the session of a run without a result: %s", (fixture) => {
    expect(factsOf(fixture)).toMatchObject({
      session_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      model: "claude-sonnet-4-5",
    });
    expect(factsOf(fixture).result).toBeUndefined();
  });

  it("takes the newest of each", () => {
    const facts = new AgentFacts();
    const see = (event: object): boolean => facts.see(Buffer.from(JSON.stringify(event)));
    expect(see({ type: "system", subtype: "hook_started", session_id: "a" })).toBe(true);
    expect(facts.known).toEqual({ session_id: "a" });
    expect(see({ type: "system", subtype: "init", session_id: "b", model: "m" })).toBe(true);
    expect(see({ type: "assistant", session_id: "c" })).toBe(false);
    see({
      type: "result",
      session_id: "d",
      subtype: "success",
      is_error: false,
      result: "first",
      usage: { input_tokens: 1 },
    });
    see({ type: "result", session_id: "d", subtype: "success" });
    expect(facts.known).toEqual({ session_id: "d", model: "m", init: true, result: { subtype: "success" } });
  });

  it("takes nothing from what is not an event, or of another type than it should be", () => {
    const facts = new AgentFacts();
    for (const line of [
      '"result"',
      "[]",
      "null",
      '{"type":"result"',
      'x {"session_id":"a"}',
      '["session_id","result"]',
    ]) {
      expect(facts.see(Buffer.from(line))).toBe(false);
    }
    facts.see(
      Buffer.from(
        '{"type":"result","session_id":7,"num_turns":"3","total_cost_usd":1e999,"usage":null,"errors":[1,"e"]}',
      ),
    );
    expect(facts.known).toEqual({ result: { errors: ["e"] } });
  });
});
