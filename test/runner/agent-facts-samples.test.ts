/** The seal and the transcript are two witnesses of one agent: over every recorded run they must say the same. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createResultReader } from "../../src/claude/result-reader.ts";
import { fromSeal } from "../../src/claude/sealed-result.ts";
import { AgentFacts } from "../../src/runner/agent-facts.ts";

const folder = new URL("../claude/fixtures/", import.meta.url);
const samples = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));

describe("what the runner seals of", () => {
  it.each(samples)("%s is what the transcript says", (sample) => {
    const facts = new AgentFacts();
    const reader = createResultReader();
    for (const line of readFileSync(new URL(sample, folder)).toString("latin1").split("\n")) {
      const bytes = Buffer.from(line, "latin1");
      facts.see(bytes);
      reader.line(bytes);
    }
    const sealed = fromSeal(facts.known);
    const told = reader.result();
    expect(sealed.sessionId).toBe(told.sessionId);
    expect(sealed.model).toBe(told.model);
    expect(sealed.result).toEqual(
      // The seal has no room for these.
      told.result && { ...told.result, permissionDenials: [], modelUsage: null },
    );
    expect(sealed.assistantError).toBe(told.assistantError);
    expect(sealed.rateLimit).toEqual(told.rateLimit);
    expect(sealed.cost).toEqual(told.cost);
    expect(sealed.init ?? false).toBe(told.init);
    expect(sealed.progress === "content").toBe(told.progress === "content");
  });

  it("covers the recorded runs", () => expect(samples.length).toBeGreaterThan(25));
});
