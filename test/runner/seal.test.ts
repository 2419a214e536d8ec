import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { fitSeal } from "../../src/runner/fit-seal.ts";
import { MAX_SEAL_BYTES, type Seal } from "../../src/runner/seal.ts";
import { SealFile } from "../../src/runner/seal-file.ts";
import { parseSeal } from "../../src/runner/seal-message.ts";
import { cases } from "../support/thoroughness.ts";

/** Any text, in any script, lone surrogates and control characters too; often longer than a seal. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({ unit: "grapheme", maxLength: 300 }),
  fc
    .tuple(fc.constantFrom("a", "\0", '"', "é", "漢", "🦊", "\ud800", "👩‍🚀"), fc.nat(6000))
    .map(([of, times]) => of.repeat(times)),
);
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const maybe = { requiredKeys: [] as [] };

const result = fc.record(
  {
    subtype: text,
    is_error: fc.boolean(),
    num_turns: number,
    duration_ms: number,
    total_cost_usd: number,
    usage: fc.record(
      {
        input_tokens: number,
        cache_creation_input_tokens: number,
        cache_read_input_tokens: number,
        output_tokens: number,
      },
      maybe,
    ),
    terminal_reason: text,
    stop_reason: text,
    api_error_status: number,
    api_error: text,
    api_error_type: text,
    text,
    errors: fc.array(text, { maxLength: 20 }),
  },
  maybe,
);

const seal: fc.Arbitrary<Seal> = fc.record(
  {
    v: fc.constant(1 as const),
    runner: fc.constant("node" as const),
    exitCode: fc.option(fc.nat(255)),
    signal: fc.option(fc.constantFrom("SIGKILL", "SIGTERM")),
    ending: fc.constantFrom("exit", "terminated", "timeout", "not-started"),
    error: text,
    startedAt: fc.nat(2 ** 41),
    endedAt: fc.nat(2 ** 41),
    stdout: fc.record({
      lines: fc.maxSafeNat(),
      bytes: fc.maxSafeNat(),
      sha256: fc.constant("0123456789abcdef".repeat(4)),
      newline: fc.boolean(),
    }),
    stderr: fc.record({ lines: fc.maxSafeNat(), bytes: fc.maxSafeNat(), dropped: fc.maxSafeNat(), tail: text }),
    agent: fc.record({ session_id: text, model: text, result }, maybe),
  },
  { requiredKeys: ["v", "runner", "exitCode", "signal", "ending"] },
);

describe("a seal", () => {
  it("fits into a termination message, whatever the agent said, and loses nothing but ends of texts", () => {
    fc.assert(
      fc.property(seal, (seal) => {
        const json = fitSeal(seal);
        expect(Buffer.byteLength(json)).toBeLessThanOrEqual(MAX_SEAL_BYTES);
        const read = parseSeal(json);
        expectCut(read, seal);
      }),
      { numRuns: cases(400) },
    );
  });

  it("is kept whole when it fits", () => {
    const small: Seal = {
      v: 1,
      runner: "node",
      exitCode: 1,
      signal: null,
      ending: "exit",
      error: "the log could not be written",
      stderr: { lines: 1, bytes: 9, dropped: 0, tail: "Ünïcödé\n" },
      agent: {
        session_id: "s",
        result: { is_error: true, usage: { input_tokens: 1 }, text: "no", errors: ["a", "b"] },
      },
    };
    expect(parseSeal(fitSeal(small))).toEqual(small);
  });

  it("is read as far as the cluster left it, and nothing is made up", () => {
    fc.assert(
      fc.property(seal, fc.nat(MAX_SEAL_BYTES), (seal, length) => {
        const whole = Buffer.from(fitSeal(seal));
        const bytes = Math.min(length, whole.length);
        const read = parseSeal(whole.subarray(0, bytes).toString());
        if (read === null) return;
        const { cut, ...facts } = read;
        expect(cut).toBe(bytes < whole.length ? true : undefined);
        expectPart(facts, parseSeal(whole.toString()));
      }),
      { numRuns: cases(1_000) },
    );
  });

  it("has all that judges in its first 1,024 bytes, which each of twelve containers may leave", () => {
    const long = "a long text ".repeat(400);
    const usage = {
      input_tokens: 123_456,
      cache_creation_input_tokens: 1_234_567,
      cache_read_input_tokens: 12_345_678,
    };
    const full: Seal = {
      ...{ v: 1, runner: "node", exitCode: null, signal: "SIGTERM", ending: "silent", error: long },
      silence: { sec: 900, tool: "mcp__some_server__some_tool" },
      ...{ startedAt: 1_795_893_581_042, endedAt: 1_795_893_581_042 },
      stdout: { lines: 123_456, bytes: 123_456_789, sha256: "0123456789abcdef".repeat(4), newline: true },
      stderr: { lines: 10, bytes: 10_000, dropped: 0, tail: long },
      agent: {
        ...{ session_id: "11111111-2222-4333-8444-555555555555", model: "claude-opus-5-5", init: true, content: true },
        rate_limit: { status: "allowed_warning", resetsAt: 1_795_893_581, rateLimitType: "five_hour" },
        result: {
          ...{ subtype: "error_during_execution", is_error: true, num_turns: 123, duration_ms: 1_234_567 },
          ...{ total_cost_usd: 12.345678901234567, run_cost_usd: 12.345678901234567, text: long, errors: [long] },
          usage: { ...usage, output_tokens: 123_456 },
          ...{ terminal_reason: "api_error", stop_reason: "stop_sequence", api_error_status: 529 },
        },
      },
    };
    const read = parseSeal(fitSeal(full).slice(0, 1_024));
    const { error: _, stderr, agent: { result: { text, errors, ...result } = {}, ...agent } = {}, ...facts } = full;
    expect(read).toMatchObject({ ...facts, agent: { ...agent, result }, cut: true });
  });

  it("uses the room there is", () => {
    const long: Seal = {
      v: 1,
      runner: "node",
      exitCode: 0,
      signal: null,
      ending: "exit",
      stderr: { lines: 1, bytes: 1, dropped: 0, tail: "t".repeat(9000) },
      agent: { result: { text: "x".repeat(9000) } },
    };
    expect(Buffer.byteLength(fitSeal(long))).toBe(MAX_SEAL_BYTES);
    expect(parseSeal(fitSeal(long))?.stderr?.tail).toBe("t".repeat(1024));
  });
});

/** Numbers and booleans equal; texts a start (or the end, for `tail`) of what they were, in whole characters. */
function expectCut(read: unknown, whole: unknown, key = ""): void {
  if (typeof whole === "string") {
    const kept = read as string;
    expect(key === "tail" ? whole.endsWith(kept) : whole.startsWith(kept)).toBe(true);
    if (whole.isWellFormed()) expect(kept.isWellFormed()).toBe(true);
  } else if (Array.isArray(whole)) {
    for (const [index, value] of (read as unknown[]).entries()) expectCut(value, whole[index]);
  } else if (typeof whole === "object" && whole !== null) {
    expect(Object.keys(read as object).sort()).toEqual(Object.keys(whole).sort());
    for (const [name, value] of Object.entries(whole)) expectCut((read as Record<string, unknown>)[name], value, name);
  } else if (typeof whole === "number") {
    // JSON has no negative zero.
    expect(read).toBe(whole === 0 ? 0 : whole);
  } else {
    expect(read).toBe(whole);
  }
}

/** Each value is the whole's own; a text of the prose may be its start. */
function expectPart(part: unknown, whole: unknown, key = ""): void {
  if (Array.isArray(part)) {
    for (const [index, value] of part.entries()) expectPart(value, (whole as unknown[])[index], key);
  } else if (typeof part === "object" && part !== null) {
    for (const [name, value] of Object.entries(part)) expectPart(value, (whole as Record<string, unknown>)[name], name);
  } else if (typeof part === "string" && ["error", "errors", "tail", "text"].includes(key)) {
    expect((whole as string).startsWith(part) || part.endsWith("\ufffd")).toBe(true);
  } else {
    expect(part).toBe(whole);
  }
}

describe("the seal's file", () => {
  it("holds a whole seal after every write, also when the next is shorter", () => {
    const folder = mkdtempSync(join(tmpdir(), "seal-file-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "message");
    writeFileSync(path, "left by somebody else, longer than any seal\n".repeat(200));
    const file = new SealFile(path);
    for (const error of ["", "long ".repeat(50), "short"]) {
      const seal: Seal = { v: 1, runner: "node", exitCode: 0, signal: null, ending: "exit", error };
      file.write(seal);
      const message = readFileSync(path, "utf8");
      expect(parseSeal(message)).toEqual(seal);
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(MAX_SEAL_BYTES);
    }
    expect(file.failure).toBeNull();
  });

  it("says why it cannot be written", () => {
    const file = new SealFile("/dev/null/message");
    file.write({ v: 1, runner: "node", exitCode: 0, signal: null, ending: "exit" });
    expect(file.failure?.message).toContain("ENOTDIR");
  });
});
