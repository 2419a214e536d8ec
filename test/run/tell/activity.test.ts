import { expect, it } from "vitest";
import { createHost } from "../../../src/paperclip/host.ts";
import { reportActivity } from "../../../src/run/tell/activity.ts";

const line = (block: unknown, type = "assistant"): Buffer =>
  Buffer.from(JSON.stringify({ type, message: { content: [block] } }));
const says = (text: string): Buffer => line({ type: "text", text });
const calls = (name: string): Buffer => line({ type: "tool_use", name, input: {} });

function stage(onRuntimeProgress: () => void = () => undefined) {
  const told: unknown[] = [];
  const host = createHost({
    onLog: async () => undefined,
    onRuntimeProgress: (update) => {
      told.push(update);
      onRuntimeProgress();
    },
  });
  let wake: () => void = () => undefined;
  const clock = { now: () => 0, sleep: () => new Promise<void>((resolve) => (wake = resolve)) };
  const over = new AbortController();
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  const pass = async (): Promise<void> => {
    wake();
    await turn();
  };
  return { told, work: reportActivity(host, clock, over.signal), pass, turn, over };
}

it("tells at once what the agent does, then the newest at each turn of the clock, and nothing twice", async () => {
  const { told, work, pass, turn } = stage();
  work.line(says("  Let me look.\u001b[31m "));
  await turn();
  expect(told).toEqual([
    { phase: "adapter_startup", message: "Let me look.", currentToolName: null, lastAssistantSnippet: "Let me look." },
  ]);
  work.line(calls("Read"));
  work.line(line({ type: "thinking", thinking: "hm" }));
  work.line(line({ type: "tool_result", tool_use_id: "t", content: '"assistant"' }, "user"));
  work.line(calls("Bash"));
  await turn();
  expect(told).toHaveLength(1);
  await pass();
  expect(told[1]).toMatchObject({ message: "Using Bash", currentToolName: "Bash" });
  await pass();
  expect(told).toHaveLength(2);
  work.line(says("x".repeat(10_000)));
  await turn();
  expect(told[2]).toMatchObject({ lastAssistantSnippet: "x".repeat(220) });
});

it("goes on when the host throws, and ends with the run", async () => {
  const { told, work, pass, turn, over } = stage(() => {
    throw new Error("the host is gone");
  });
  work.line(says("one"));
  await turn();
  work.line(says("two"));
  await pass();
  expect(told).toHaveLength(2);
  over.abort();
  work.line(says("three"));
  await pass();
  expect(told).toHaveLength(2);
});

it("takes no notice of what is no work, or is too long to be shown", async () => {
  const { told, work, turn } = stage();
  for (const other of ["hello", '{"type":"result"}', '{"type":"assistant"', '{"type":"assistant","message":{}}'])
    work.line(Buffer.from(other));
  work.line(says("x".repeat(300 * 1024)));
  await turn();
  expect(told).toEqual([]);
});
