/** The page's words and the file beside them, from whatever an agent may print. */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clean } from "../../../../src/format/clean.ts";
import { systemClock } from "../../../../src/kubernetes/clock.ts";
import { Delivery } from "../../../../src/run/follow/deliver/delivery.ts";
import type { OnLog } from "../../../../src/run/follow/deliver/host-calls.ts";
import { KeptTranscript } from "../../../../src/run/tell/page/kept-transcript.ts";
import { TextPage } from "../../../../src/run/tell/page/text-page.ts";
import { cases } from "../../../support/thoroughness.ts";
import { block } from "../../follow/blocks.ts";

let folder = "";
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "words-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const NEVER = new AbortController().signal;
const unexpected = (error: Error | null): void => {
  if (error) throw error;
};

function open(onLog: OnLog, memoryBytes = 1 << 20) {
  const file = join(folder, `${++files}.jsonl`);
  const bounds = { maxBytes: 1 << 30, memoryBytes, clock: systemClock, limitMs: () => 60_000 };
  const delivery = new Delivery({ onLog, onFault: unexpected, onSpill: unexpected, ...bounds });
  const kept = new KeptTranscript({ file, onFault: unexpected, maxBytes: 1 << 30, clock: systemClock });
  const page = new TextPage(delivery, kept, "claude-k8s transcript abc");
  const close = async (): Promise<Buffer> => {
    await delivery.finish(NEVER);
    expect(await kept.close(true)).toBe(true);
    return readFile(file);
  };
  return { page, close };
}

const isAscii = (line: Buffer): boolean => /^[\t\x20-\x7e]*$/.test(line.toString("latin1"));
const event = (content: unknown, type = "assistant"): string =>
  JSON.stringify({ type, message: { content: [content] } });
const says = (text: string): string => event({ type: "text", text });
const gets = (content: string): string => event({ type: "tool_result", tool_use_id: "t", content }, "user");

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("one\ntwo", "", "\u001b[31mred", "x".repeat(700)),
);
/** What Claude Code prints, what other programs print on its stdout, and what a full disk or a kill leaves of either. */
const anyLine: fc.Arbitrary<Buffer> = fc.oneof(
  anyText.map((text) => Buffer.from(says(text))),
  anyText.map((text) => Buffer.from(gets(text))),
  fc.json().map((text) => Buffer.from(text)),
  fc.tuple(anyText, fc.nat(60)).map(([text, cut]) => Buffer.from(says(text).slice(0, cut))),
  fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0x0a))),
  fc
    .constantFrom(
      ...[
        '{"type":"stream_event"}',
        '{"type":"hologram"}',
        "[paperclip] mine",
        " \t[paperclip] mine",
        "\u200b[paperclip]",
      ],
      ...["\u001b[2K\r[paperclip] all checks passed", "\u001b]0;title\u0007", "12|a frame", '{"v":1,"runner":"node"}'],
    )
    .map((text) => Buffer.from(text)),
);

test("whatever is printed: the file has its bytes and its hash, the page has whole lines without control characters", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(anyLine, { minLength: 1, maxLength: 6 }), { maxLength: 12 }), async (blocks) => {
      const chunks: string[] = [];
      const { page, close } = open((_, chunk) => void chunks.push(chunk));
      for (const lines of blocks)
        page.push(block("stdout", Buffer.concat(lines.flatMap((line) => [line, Buffer.from("\n")]))));
      const printed = Buffer.concat(blocks.flat().flatMap((line) => [line, Buffer.from("\n")]));
      const kept = await close();
      expect(kept.equals(printed)).toBe(true);
      const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
      expect(hash(kept)).toBe(hash(printed));
      for (const chunk of chunks) expect(chunk.endsWith("\n") && chunk.length < 65_536).toBe(true);
      const shown = chunks.join("").split("\n");
      // What is no event comes through as it is, and in order; what a terminal would obey is left out.
      const others = blocks.flat().filter((line) => !line.toString().trimStart().startsWith("{"));
      let at = 0;
      for (const line of others) {
        for (const text of isAscii(line) ? [line.toString()] : clean(line.toString()).split("\n")) {
          at = shown.indexOf(/^[\s\p{C}]*\[paperclip\]/u.test(text) ? `│ ${text}` : text, at) + 1;
          expect(at, text).toBeGreaterThan(0);
        }
      }
      for (const line of shown) {
        expect(line).not.toMatch(/^[\s\p{C}]*\[paperclip\]/u);
        expect(line.replaceAll("\t", "")).not.toMatch(/\p{Cc}/u);
      }
    }),
    { numRuns: cases(300) },
  );
});

test("a run in words: stderr, notices and foreign lines keep their places, unchanged", async () => {
  const got: string[] = [];
  const { page, close } = open((stream, chunk) => void got.push(`${stream}: ${chunk}`));
  page.push(block("stdout", Buffer.from(`${says("Hello")}\n`)));
  page.push(block("stderr", Buffer.from('  {"not":"ours"}\n')));
  page.push(block("stdout", Buffer.from(`  as it is \n${gets(Array.from({ length: 14 }, (_, n) => n).join("\n"))}\n`)));
  page.notice("[paperclip] 3 lines missing: 4–6 (why)");
  page.push(block("stdout", Buffer.from(`{"type":"stream_event"}\n${says("a\n\nb")}\n`)));
  await close();
  expect(got.join("")).toBe(
    [
      "stdout: ● says    Hello",
      'stderr:   {"not":"ours"}',
      "stdout:   as it is ",
      "◂ gets    0",
      ...Array.from({ length: 11 }, (_, n) => `│         ${n + 1}`),
      "│         … 2 more lines (claude-k8s transcript abc)",
      "stdout: [paperclip] 3 lines missing: 4–6 (why)",
      "stdout: ● says    a",
      "│         ",
      "│         b",
      "",
    ].join("\n"),
  );
});

test("words that a slow page leaves waiting go to disk and come back in order", async () => {
  const held = Promise.withResolvers<void>();
  let shown = "";
  const { page, close } = open(async (_, chunk) => {
    await held.promise;
    shown += chunk;
  }, 64 * 1024);
  const texts = Array.from({ length: 3000 }, (_, at) => `${at} ${"é".repeat(900)}`);
  for (const text of texts) {
    page.push(block("stdout", Buffer.from(`${says(text)}\n`)));
    if (page.overfull) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  held.resolve();
  const kept = await close();
  expect(shown === texts.map((text) => `● says    ${text}\n`).join("")).toBe(true);
  expect(kept.toString() === texts.map((text) => `${says(text)}\n`).join("")).toBe(true);
});

test("a text longer than a chunk arrives whole, in parts that the host does not cut", async () => {
  const chunks: string[] = [];
  const { page, close } = open((_, chunk) => void chunks.push(chunk));
  const text = `${"€".repeat(200_000)}\nend`;
  page.push(block("stdout", Buffer.from(`${says(text)}\n`)));
  await close();
  expect(chunks.join("") === `● says    ${text.replace("\n", "\n│         ")}\n`).toBe(true);
  expect(chunks.every((chunk) => chunk.length < 65_536)).toBe(true);
});
