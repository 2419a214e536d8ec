import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatEvent, formatLine, formatStderr } from "../../src/format/format-line.ts";
import { columns } from "../../src/format/wrap.ts";

const samples = new URL("../claude/fixtures/", import.meta.url);
const linesOf = (sample: string): string[] =>
  readFileSync(new URL(`${sample}.jsonl`, samples), "utf8")
    .split("\n")
    .filter(Boolean);
const says = (text: string): string =>
  JSON.stringify({ type: "assistant", message: { content: [{ type: "text", text }] } });
const gets = (content: string): string =>
  JSON.stringify({ type: "user", message: { content: [{ type: "tool_result", tool_use_id: "t", content }] } });

test("a run reads like a story, one line per event", () => {
  expect(linesOf("bash").flatMap((line) => formatLine(line))).toEqual([
    "claude  session ca6082dd-e8a1-4f54-b92d-db7990f9a4db · claude-sonnet-4-5 · 26 tools",
    "thinks  I should run a command.",
    "says    Let me run a command.",
    "calls   $ echo hello-from-bash && pwd  # Print hello",
    "gets    hello-from-bash",
    "        /workspace",
    "says    Hello from the fake model. The task is done.",
    "result  success · 2 turns · 1.4 s · 240 tokens in (and 100 cached) · 50 out · $0.0015",
  ]);
});

test("an error is told as one, with its reason", () => {
  expect(
    linesOf("api400credit")
      .flatMap((line) => formatLine(line))
      .slice(-2),
  ).toEqual(["result  error · 1 turn · 0.5 s · 0 tokens in · 0 out · $0.0000", "        Credit balance is too low"]);
});

test("colour only when asked for", () => {
  expect(formatLine(says("Hi"), { color: true })).toEqual(["\u001b[32msays    \u001b[39mHi"]);
  expect(formatLine(says("Hi"))).toEqual(["says    Hi"]);
});

test("long text is wrapped beside its label", () => {
  expect(formatLine(says("one two three four five six"), { width: 28 })).toEqual([
    "says    one two three four",
    "        five six",
  ]);
});

test("a tool's result is cut: each line at the terminal's edge, the whole after some lines", () => {
  const result = gets(["x".repeat(60), "2", "3", "4"].join("\n"));
  expect(formatLine(result, { width: 28, tools: { lines: 2, columns: 100 } })).toEqual([
    `gets    ${"x".repeat(19)}…`,
    "        2",
    "        … 2 more lines",
  ]);
});

test("what Claude Code says in the user's name is cut like a tool's result: a skill's whole text is among it", () => {
  const text = Array.from({ length: 40 }, (_, at) => `line ${at + 1} of the skill`).join("\n");
  const said = JSON.stringify({ type: "user", message: { content: [{ type: "text", text }] } });
  const shown = formatLine(said);
  expect(shown).toHaveLength(13);
  expect(shown[0]).toBe("user    line 1 of the skill");
  expect(shown.at(-1)).toBe("        … 28 more lines");
});

test("names where the hidden lines are", () => {
  const look = { tools: { lines: 1, columns: 80 }, moreHint: "see there" };
  expect(formatLine(gets("1\n2\n3"), look)).toEqual(["gets    1", "        … 2 more lines (see there)"]);
});

test("marks show what belongs together where leading spaces are taken away", () => {
  const look = { marks: true, tools: { lines: 1, columns: 80 } };
  expect(formatLine(says("one\n\ntwo"), look)).toEqual(["● says    one", "│         ", "│         two"]);
  expect(formatLine(gets("1\n2\n3"), look)).toEqual(["◂ gets    1", "│         … 2 more lines"]);
});

test("thoughts can be shortened: the first lines, each up to a bound", () => {
  const thinks = (thinking: string): string =>
    JSON.stringify({ type: "assistant", message: { content: [{ type: "thinking", thinking }] } });
  expect(formatLine(thinks(`${"x".repeat(30)}\n\n2\n\n3`), { thoughts: { lines: 2, columns: 20 } })).toEqual([
    `thinks  ${"x".repeat(19)}…`,
    "        2",
    "        … 1 more line",
  ]);
});

test("the start names tools and servers, and those that are not there", () => {
  const init = {
    type: "system",
    subtype: "init",
    session_id: "s",
    model: "m",
    tools: ["Bash"],
    mcp_servers: [
      { name: "paperclip", status: "connected" },
      { name: "x", status: "failed" },
    ],
  };
  expect(formatLine(JSON.stringify(init))).toEqual(["claude  session s · m · 1 tool · 2 MCP servers (not there: x)"]);
});

describe("a tool's input", () => {
  const calls = (name: string, input: unknown): string[] =>
    formatLine(JSON.stringify({ type: "assistant", message: { content: [{ type: "tool_use", name, input }] } }));

  test.each([
    ["short: one line", "Read", { file_path: "/a.ts", limit: 20 }, ["calls   Read file_path: /a.ts · limit: 20"]],
    ["none", "ListAgents", {}, ["calls   ListAgents"]],
    ["no object", "Odd", [1, 2], ["calls   Odd [1,2]"]],
    [
      "a command of several lines",
      "Bash",
      { command: "cd /\nls", description: "Look" },
      ["calls   # Look", "        $ cd /", "        ls"],
    ],
    [
      "text of several lines",
      "Write",
      { file_path: "/a", content: "one\n\ntwo" },
      ["calls   Write", "        file_path: /a", "        content:", "          one", "          ", "          two"],
    ],
    [
      "a list of things",
      "TodoWrite",
      { todos: [{ content: "a" }, { content: "b" }] },
      ["calls   TodoWrite", "        todos:", '          {"content":"a"}', '          {"content":"b"}'],
    ],
  ])("%s", (_name, tool, input, shown) => {
    expect(calls(tool, input)).toEqual(shown);
  });

  test("many lines: the first ones", () => {
    const content = Array.from({ length: 40 }, (_, at) => String(at)).join("\n");
    const shown = calls("Write", { content });
    expect(shown).toHaveLength(13);
    expect(shown.at(-1)).toBe("        … 30 more lines");
  });
});

test("only events are told from other lines", () => {
  expect(formatEvent(says("Hi"), {})).toEqual(["says    Hi"]);
  expect(formatEvent('{"type":"stream_event"}', {})).toEqual([]);
  for (const line of ["hello", "", '{"type":"hologram"}', "[paperclip] I am the adapter", '{"type":"assistant"'])
    expect(formatEvent(line, {}), line).toBeNull();
});

test("what is long or deep takes no time: it would stand still for all of Paperclip", () => {
  const megabyte = 1 << 20;
  const look = { tools: { lines: 12, columns: 100 } };
  expect(formatLine(gets(`a${" ".repeat(megabyte)}b`), look)).toHaveLength(1);
  expect(formatLine(gets("é".repeat(3 * megabyte)), look)).toEqual([`gets    ${"é".repeat(99)}…`]);
  expect(formatLine(gets("é".repeat(16 * megabyte)), look)).toEqual(["note    A line of 16.8 MB is not shown"]);
  for (const begun of ["\u001b]0;", "\u009d0;", "\u001b[", "\u001b;a"])
    expect(formatLine(gets(begun.repeat(megabyte)), look)).toHaveLength(1);
  expect(formatLine(says("\n".repeat(megabyte)))).toEqual(["says    "]);
  const deep = `{"type":"assistant","message":{"content":[{"type":"x","y":${"[".repeat(100_000)}${"]".repeat(100_000)}}]}}`;
  expect(formatEvent(deep, look)).toBeNull();
});

test("a tool without output says so", () => {
  expect(formatLine(gets(""))).toEqual(["gets    (nothing)"]);
});

test("events for the machine only with debug", () => {
  const progress = JSON.stringify({ type: "system", subtype: "thinking_tokens", estimated_tokens: 6 });
  expect(formatLine(progress)).toEqual([]);
  expect(formatLine(progress, { debug: true })).toEqual([`debug   ${progress}`]);
});

test("stderr is marked", () => {
  expect(formatStderr("careful")).toEqual(["stderr  careful"]);
});

describe("what a model writes cannot command the terminal", () => {
  test.each([
    ["a colour", "\u001b[31mred\u001b[0m", "red"],
    ["a title", "\u001b]0;owned\u0007text", "text"],
    ["a hyperlink", "\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\", "link"],
    ["a carriage return", "safe\rrm", "safe"],
    ["a backspace", "ab\u0008c", "abc"],
    ["an 8-bit CSI", "\u009b2Jgone", "gone"],
    ["a title without its end", "\u001b]0;open", "0;open"],
    ["a title of 8 bit", "\u009d0;owned\u009ctext", "text"],
    ["a device string", "\u001bPq#0\u001b\\text", "text"],
    ["a character set", "\u001b(0text", "text"],
    ["a cursor that is asked for", "\u001b[6ntext", "text"],
    ["a turn of direction", "a\u202eb", "ab"],
    ["a lone escape", "a\u001b", "a"],
  ])("%s", (_name, text, shown) => {
    expect(formatLine(says(text))[0]).toBe(`says    ${shown}`);
  });

  test("not in any field of any event", () => {
    const nasty = fc.string({ unit: "binary" }).map((text) => `\u001b[2J${text}\u0007\u009b`);
    const value = fc.dictionary(fc.constantFrom("name", "command", "text", "id"), nasty);
    const event = fc.oneof(
      nasty,
      nasty.map(says),
      nasty.map(gets),
      nasty.map((model) => JSON.stringify({ type: "system", subtype: "init", model, session_id: model })),
      nasty.map((result) => JSON.stringify({ type: "result", subtype: result, is_error: true, errors: [result] })),
      fc
        .tuple(nasty, value)
        .map(([name, input]) =>
          JSON.stringify({ type: "assistant", message: { content: [{ type: "tool_use", name, input }] } }),
        ),
    );
    fc.assert(
      fc.property(event, (line) => {
        for (const shown of formatLine(line)) expect(shown).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});

test("no line is wider than the terminal", () => {
  const samplesLines = readdirSync(samples)
    .filter((file) => file.endsWith(".jsonl"))
    .flatMap((file) => linesOf(file.replace(".jsonl", "")));
  for (const line of samplesLines)
    for (const shown of formatLine(line, { width: 60 })) expect(columns(shown)).toBeLessThanOrEqual(60);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (text) => {
      for (const shown of formatLine(says(text), { width: 40 })) expect(columns(shown)).toBeLessThanOrEqual(40);
    }),
  );
});
