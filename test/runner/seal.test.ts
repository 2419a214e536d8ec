import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { fitSeal } from "../../src/runner/fit-seal.ts";
import { MAX_SEAL_BYTES, parseSeal, type Seal } from "../../src/runner/seal.ts";
import { SealFile } from "../../src/runner/seal-file.ts";

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
      { numRuns: 400 },
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
