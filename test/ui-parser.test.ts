import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { parseStdoutLine } from "../src/ui-parser.ts";
import { cases } from "./support/thoroughness.ts";

const ts = "2026-11-22T06:54:06.967Z";
const samples = new URL("./claude/fixtures/", import.meta.url);

function entriesOf(sample: string) {
  const lines = readFileSync(new URL(`${sample}.jsonl`, samples), "utf8").split("\n");
  return lines.filter(Boolean).flatMap((line) => parseStdoutLine(line, ts));
}

describe("what Claude Code 2.1.330 printed", () => {
  test("a run with a Bash call", () => {
    expect(entriesOf("bash")).toEqual([
      {
        kind: "init",
        ts,
        model: "claude-sonnet-4-5",
        sessionId: "ca6082dd-e8a1-4f54-b92d-db7990f9a4db",
        tools: 26,
        mcpServers: 0,
        mcpFailed: [],
      },
      { kind: "thinking", ts, text: "I should run a command." },
      { kind: "assistant", ts, text: "Let me run a command." },
      {
        kind: "tool_call",
        ts,
        name: "Bash",
        input: { command: "echo hello-from-bash && pwd", description: "Print hello" },
        toolUseId: "toolu_fake_2",
      },
      {
        kind: "tool_result",
        ts,
        toolUseId: "toolu_fake_2",
        content: "hello-from-bash\n/workspace",
        isError: false,
      },
      { kind: "assistant", ts, text: "Hello from the fake model. The task is done." },
      {
        kind: "result",
        ts,
        text: "Hello from the fake model. The task is done.",
        inputTokens: 240,
        outputTokens: 50,
        cachedTokens: 100,
        costUsd: expect.closeTo(0.00153, 8),
        subtype: "success",
        isError: false,
        errors: [],
        turns: 2,
        durationMs: 1434,
      },
    ]);
  });

  test.each([
    ["plain", ["init", "assistant", "result"]],
    ["partial", ["init", "assistant", "result"]],
    ["maxturns", ["init", "tool_call", "tool_result", "tool_call", "tool_result", "result"]],
    ["api429-retries2", ["init", "system", "system", "assistant", "result"]],
    ["oauth-429sub", ["init", "system", "assistant", "result"]],
    ["resume-unknown", ["result"]],
    ["sigint-tool", ["init", "tool_call", "system", "system", "tool_result", "user", "result"]],
    ["sigkill-tool", ["init", "tool_call", "system"]],
  ])("%s", (sample, kinds) => {
    expect(entriesOf(sample).map((entry) => entry.kind)).toEqual(kinds);
  });

  test("no line of any sample falls through as raw text", () => {
    const names = readdirSync(samples)
      .filter((file) => file.endsWith(".jsonl"))
      .map((file) => file.replace(/\.jsonl$/, ""));
    expect(names.length).toBeGreaterThan(20);
    expect(names.flatMap(entriesOf).filter((entry) => entry.kind === "stdout")).toEqual([]);
  });

  test("an error names its reasons", () => {
    expect(entriesOf("resume-unknown").at(-1)).toMatchObject({
      kind: "result",
      isError: true,
      subtype: "error_during_execution",
      errors: ["No conversation found with session ID: 11111111-2222-4333-8444-555555555555"],
    });
    expect(entriesOf("api429-retries2")[1]).toMatchObject({
      text: "The model's API answered 429 (rate_limit); retry 1 of 2 in 1.0 s",
    });
    expect(entriesOf("oauth-429sub")[1]).toMatchObject({
      text: "Usage limit five_hour: rejected, resets 2026-11-22T08:10:03.000Z",
    });
  });
});

const event = (value: unknown): string => JSON.stringify(value);
const message = (type: string, content: unknown): string => event({ type, message: { content } });

describe("forms that the samples do not have", () => {
  test.each([
    [
      "a tool's result in parts",
      message("user", [
        {
          type: "tool_result",
          tool_use_id: "t1",
          is_error: true,
          content: [
            { type: "text", text: "a" },
            { type: "image", source: {} },
          ],
        },
      ]),
      [{ kind: "tool_result", ts, toolUseId: "t1", content: "a\n[image]", isError: true }],
    ],
    [
      "a tool's result without content",
      message("user", [{ type: "tool_result", tool_use_id: "t1" }]),
      [{ kind: "tool_result", ts, toolUseId: "t1", content: "", isError: false }],
    ],
    ["what the user said as a string", message("user", "Hello"), [{ kind: "user", ts, text: "Hello" }]],
    [
      "a tool call without an id",
      message("assistant", [{ type: "tool_use", name: "Read", input: { file_path: "a" } }]),
      [{ kind: "tool_call", ts, name: "Read", input: { file_path: "a" } }],
    ],
    [
      "a search on the model's side",
      message("assistant", [{ type: "web_search_tool_result", tool_use_id: "t2", content: [] }]),
      [{ kind: "tool_result", ts, toolUseId: "t2", content: "", isError: false }],
    ],
    [
      "an encrypted thought",
      message("assistant", [{ type: "redacted_thinking", data: "x" }]),
      [{ kind: "thinking", ts, text: "(encrypted)" }],
    ],
    [
      "a block of tomorrow",
      message("assistant", [{ type: "hologram", size: 3 }]),
      [{ kind: "stdout", ts, text: '{"type":"hologram","size":3}' }],
    ],
    [
      "a date beyond the calendar",
      event({ type: "rate_limit_event", rate_limit_info: { status: "rejected", resetsAt: 1e300 } }),
      [{ kind: "system", ts, text: "Usage limit : rejected" }],
    ],
    ["usage that is allowed", event({ type: "rate_limit_event", rate_limit_info: { status: "allowed" } }), []],
    ["a line of the adapter's own", "[paperclip] Job created", [{ kind: "system", ts, text: "Job created" }]],
    ["an empty text", message("assistant", [{ type: "text", text: "" }]), []],
  ])("%s", (_name, line, entries) => {
    expect(parseStdoutLine(line, ts)).toEqual(entries);
  });

  test.each([
    ["no JSON", "hello"],
    ["an empty line", ""],
    ["an array", "[1]"],
    ["half an object", '{"type":"assistant"'],
    ["an event of tomorrow", '{"type":"hologram"}'],
    ["a system event of tomorrow", '{"type":"system","subtype":"hologram"}'],
    ["a message without content", '{"type":"assistant","message":null}'],
    ["content that is no list of blocks", '{"type":"user","message":{"content":[1]}}'],
    ["spaces around", '  {"type":"hologram"}\t'],
  ])("%s comes back as it is", (_name, line) => {
    expect(parseStdoutLine(line, ts)).toEqual([{ kind: "stdout", ts, text: line }]);
  });
});

describe("whatever comes", () => {
  const eventish = fc.record(
    {
      type: fc.constantFrom("system", "assistant", "user", "result", "rate_limit_event", "stream_event", "x"),
      subtype: fc.oneof(fc.constantFrom("init", "api_retry", "task_started", "task_notification"), fc.jsonValue()),
      message: fc.oneof(
        fc.record({
          content: fc.oneof(
            fc.jsonValue(),
            fc.array(
              fc.record(
                {
                  type: fc.constantFrom("text", "thinking", "tool_use", "tool_result"),
                  tool_use_id: fc.jsonValue(),
                  content: fc.jsonValue(),
                  text: fc.jsonValue(),
                },
                { requiredKeys: [] },
              ),
            ),
          ),
        }),
        fc.jsonValue(),
      ),
      usage: fc.jsonValue(),
      errors: fc.jsonValue(),
      rate_limit_info: fc.oneof(fc.record({ resetsAt: fc.double() }), fc.jsonValue()),
    },
    { requiredKeys: ["type"] },
  );
  const line = fc.oneof(fc.string({ unit: "binary" }), fc.json(), eventish.map(event));

  test("it never throws, and every entry is well-formed", () => {
    fc.assert(
      fc.property(line, (text) => {
        for (const entry of parseStdoutLine(text, ts)) {
          expect(entry.ts).toBe(ts);
          if ("text" in entry) expect(typeof entry.text).toBe("string");
          if (entry.kind === "tool_result") expect(typeof entry.content).toBe("string");
          if (entry.kind === "stdout" && !text.includes('"assistant"')) expect(entry.text).toBe(text);
        }
      }),
      { numRuns: cases(500) },
    );
  });

  test("it remembers nothing: the same line gives the same entries", () => {
    fc.assert(
      fc.property(line, line, (first, second) => {
        const before = parseStdoutLine(first, ts);
        parseStdoutLine(second, ts);
        expect(parseStdoutLine(first, ts)).toEqual(before);
      }),
    );
  });
});

describe("as the UI loads it", () => {
  let source = "";
  beforeAll(async () => {
    const entry = fileURLToPath(new URL("../src/ui-parser.ts", import.meta.url));
    const built = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      format: "cjs",
      platform: "neutral",
      logLevel: "silent",
    });
    source = built.outputFiles[0]?.text ?? "";
  });

  test("one script without imports gives exports.parseStdoutLine", () => {
    expect(source).not.toMatch(/\brequire\(|\bimport\b/);
    const module = { exports: {} as { parseStdoutLine?: typeof parseStdoutLine } };
    // The names that the Worker hides are hidden here, too; the rest of the language is there.
    const load = new Function(
      "exports",
      "module",
      "self",
      "globalThis",
      "process",
      "require",
      `"use strict";\n${source}`,
    );
    load(module.exports, module, undefined, undefined, undefined, undefined);
    expect(module.exports.parseStdoutLine?.("hello", ts)).toEqual([{ kind: "stdout", ts, text: "hello" }]);
    expect(module.exports.parseStdoutLine?.(message("assistant", "Hi"), ts)).toEqual([
      { kind: "assistant", ts, text: "Hi" },
    ]);
  });
});
