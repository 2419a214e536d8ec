import { describe, expect, test } from "vitest";
import { wantsColor } from "../../src/cli/terminal/color.ts";
import type { DemoEvent } from "../demo-event.ts";
import { LineSplitter } from "../line-splitter.ts";
import { jsonShow } from "../show/json.ts";
import { breakSilence } from "../show/silence.ts";
import { TerminalShow } from "../show/terminal.ts";

const says = (text: string): string =>
  JSON.stringify({ type: "assistant", message: { content: [{ type: "text", text }] } });
const success = {
  exitCode: 0,
  signal: null,
  timedOut: false,
  sessionId: "s-1",
  usage: { inputTokens: 1200, outputTokens: 34, cachedInputTokens: 5 },
  costUsd: 0.01234,
  resultJson: { sentence: "Claude completed its task.", transcript: { complete: true, lines: 12 } },
};
const story: DemoEvent[] = [
  { event: "setting", name: "model", text: "a scripted stand-in" },
  { event: "progress", text: "waiting" },
  { event: "object", kind: "Job", name: "ac-1", state: "created", wrong: false },
  { event: "log", stream: "stdout", line: says("Hello") },
  { event: "log", stream: "stderr", line: "careful" },
  { event: "verdict", result: success, durations: { podReady: 600, agent: 1500, run: 3400 }, billed: false },
  { event: "left-behind", objects: [], checked: true, text: "all gone" },
];

function shown(events: readonly DemoEvent[], options: { color?: boolean; columns?: number } = {}): string {
  let output = "";
  const { columns } = options;
  const show = new TerminalShow({
    write: (text) => {
      output += text;
    },
    color: options.color ?? false,
    columns: columns === undefined ? null : () => columns,
    elapsedMs: () => 2345,
  });
  for (const event of events) show.tell(event);
  show.end();
  return output;
}

test("the story, in three paragraphs", () => {
  expect(shown(story)).toBe(`  model     a scripted stand-in

   2.3s  job     ac-1 created
   2.3s  says    Hello
   2.3s  stderr  careful

  ✓         Claude completed its task.
  session   s-1
  lines     12 printed, all arrived: count and SHA-256 agree with the runner's seal
  tokens    1,200 in (and 5 cached) · 34 out
  cost      $0.0123 by list price; nothing is billed
  time      pod running after 0.6 s · Claude Code 1.5 s · all 3.4 s
  left over all gone
`);
});

test("a failed run: what, how we know, what to do", () => {
  const result = {
    exitCode: 1,
    signal: null,
    timedOut: false,
    errorMessage: "The model refused",
    errorCode: "claude_refusal",
    resultJson: { evidence: ["Its result says so", "It exited with 1"], fix: "Ask for something else." },
  };
  const output = shown([{ event: "verdict", result, durations: { run: 10 }, billed: true }]);
  expect(output).toContain(
    "✗         The model refused\n  because   Its result says so\n            It exited with 1\n  fix       Ask for something else.\n",
  );
  expect(output).not.toContain("tokens");
});

test("a start that failed: what, how we know, what to do", () => {
  const output = shown([
    { event: "failure", sentence: "No cluster.", evidence: ["connection refused"], fix: "Start one." },
  ]);
  expect(output).toBe("  ✗         No cluster.\n  because   connection refused\n  fix       Start one.\n");
});

describe("in a terminal", () => {
  test("a progress line comes and goes, and the cursor comes back", () => {
    const output = shown(story, { columns: 80 });
    expect(output).toContain("⠋ waiting · 0 s");
    expect(output.endsWith("\r\u001b[2K\u001b[?25h")).toBe(true);
    const settled = output.split("\r\u001b[2K").filter((part) => !part.includes("waiting"));
    expect(settled.join("")).toContain("   2.3s  says    Hello\n");
  });

  test("the progress line is dim, and without colour it is not", () => {
    const dim = "\u001b[2m⠋ waiting · 0 s\u001b[22m";
    expect(shown(story, { columns: 80, color: true })).toContain(dim);
    // Moving the cursor is no colour.
    for (const code of shown(story, { columns: 80 }).split("\u001b[").slice(1)) expect(code).toMatch(/^(2K|\?25[hl])/);
  });

  test("no line is wider than it", () => {
    const long = "word ".repeat(60);
    const events: DemoEvent[] = [
      { event: "setting", name: "prompt", text: long },
      { event: "object", kind: "Pod", name: "ac-".padEnd(60, "x"), state: long, wrong: true },
      { event: "log", stream: "stdout", line: says(long) },
      { event: "failure", sentence: long, evidence: [long], fix: long },
    ];
    for (const line of shown(events, { columns: 60 }).split("\n")) expect(line.length).toBeLessThanOrEqual(60);
  });

  test("a cluster's message cannot command it", () => {
    const output = shown([{ event: "object", kind: "Pod", name: "p", state: "Pending: \u001b[2Jgone", wrong: true }]);
    expect(output).toBe("   2.3s  pod     p Pending: gone\n");
  });
});

test("without colour there is no escape sequence, with it there is", () => {
  expect(shown(story)).not.toContain("\u001b");
  expect(shown(story, { color: true })).toContain("\u001b[32m✓");
});

test("as JSON: one object a line, without progress", () => {
  let output = "";
  const show = jsonShow(
    (text) => {
      output += text;
    },
    () => 2345.6,
  );
  for (const event of story) show.tell(event);
  const lines = output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines).toEqual(story.filter(({ event }) => event !== "progress").map((event) => ({ at: 2346, ...event })));
});

test("a pipe that is told nothing else is told again and again what is waited for, until the end", async () => {
  const told: DemoEvent[] = [];
  const silent = Promise.withResolvers<void>();
  const show = breakSilence(
    {
      tell: (event) => {
        if (told.push(event) === 6) silent.resolve();
      },
      end: () => told.push({ event: "note", text: "ended" }),
    },
    5,
  );
  const [first, second, progress] = [story[0], story[2], story[1]] as [DemoEvent, DemoEvent, DemoEvent];
  show.tell(first);
  show.tell(second);
  show.tell(progress);
  show.tell({ event: "progress", text: "waiting still" });
  await silent.promise;
  show.end();
  const still = { event: "still", text: "waiting still" };
  expect(told).toEqual([
    first,
    second,
    progress,
    { event: "progress", text: "waiting still" },
    still,
    still,
    { event: "note", text: "ended" },
  ]);
  expect(shown([{ event: "still", text: "waiting for the pod" }])).toBe("   2.3s  still   waiting for the pod\n");
});

test.each([
  [null, {}, true, true],
  [null, {}, false, false],
  [null, { NO_COLOR: "1" }, true, false],
  [null, { FORCE_COLOR: "1" }, false, true],
  [null, { TERM: "dumb" }, true, false],
  [true, { NO_COLOR: "1" }, false, true],
  [false, { FORCE_COLOR: "1" }, true, false],
] as const)("colour: asked %s, %j, terminal %s: %s", (asked, env, terminal, wanted) => {
  expect(wantsColor(asked, env, terminal)).toBe(wanted);
});

test("lines of chunks that end anywhere", () => {
  const lines = new LineSplitter();
  expect([...lines.push("a\nb"), ...lines.push("c\n"), ...lines.push("\nd"), ...lines.end(), ...lines.end()]).toEqual([
    "a",
    "bc",
    "",
    "d",
  ]);
});
