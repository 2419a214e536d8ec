import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import {
  refusals,
  type Script,
  type ScriptedModel,
  say,
  stall,
  startScriptedModel,
  text,
  toolUse,
} from "../scripted-model/index.ts";

let model: ScriptedModel | undefined;
afterEach(async () => {
  await model?.stop();
});

async function ask(script: Script, body: object, path = "/v1/messages"): Promise<Response> {
  model = await startScriptedModel({ script });
  return fetch(`${model.url}${path}`, { method: "POST", body: JSON.stringify(body) });
}

const hello = { model: "any-model", messages: [{ role: "user", content: "Hello" }], tools: [{ name: "Bash" }] };

test("without stream the whole message comes as JSON", async () => {
  const response = await ask([say([text("Hi."), toolUse("Bash", { command: "true" })])], hello);
  expect(await response.json()).toMatchObject({
    type: "message",
    role: "assistant",
    model: "any-model",
    stop_reason: "tool_use",
    content: [
      { type: "text", text: "Hi." },
      { type: "tool_use", name: "Bash", input: { command: "true" } },
    ],
  });
});

test("with stream the events come in the API's order", async () => {
  const response = await ask([say([text("Hi.")])], { ...hello, stream: true });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const names = (await response.text()).match(/(?<=^event: ).*$/gm);
  expect(names).toEqual([
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
  ]);
});

test("a longer conversation costs more tokens", async () => {
  model = await startScriptedModel({ script: [say([text("Hi.")])] });
  const usage = async (words: string): Promise<number> => {
    const body = JSON.stringify({ ...hello, messages: [{ role: "user", content: words }] });
    const response = await fetch(`${model?.url}/v1/messages`, { method: "POST", body });
    return ((await response.json()) as { usage: { input_tokens: number } }).usage.input_tokens;
  };
  expect(await usage("long ".repeat(400))).toBeGreaterThan((await usage("short")) + 400);
});

test("a refusal has the API's shape and headers", async () => {
  const response = await ask([refusals.rateLimit(7)], hello);
  expect(response.status).toBe(429);
  expect(response.headers.get("retry-after")).toBe("7");
  expect(await response.json()).toMatchObject({ type: "error", error: { type: "rate_limit_error" } });
});

test("an error within the stream is an event in place of the message's end", async () => {
  const error = { type: "overloaded_error", message: "Overloaded" };
  const response = await ask([say([text("Half")], { thenError: error })], { ...hello, stream: true });
  const body = await response.text();
  expect(body).toContain(`event: error\ndata: ${JSON.stringify({ type: "error", error })}`);
  expect(body).not.toContain("message_stop");
});

test("a question without tools is answered plainly, not from a list of turns", async () => {
  const response = await ask([say([text("A turn of the story.")])], { ...hello, tools: [] });
  expect(await response.json()).toMatchObject({ content: [{ type: "text", text: "Done." }] });
});

test("counts tokens, and says what it does not know", async () => {
  const counted = await ask([say([])], hello, "/v1/messages/count_tokens");
  expect(await counted.json()).toEqual({ input_tokens: Math.ceil(JSON.stringify(hello).length / 4) });
  const unknown = await fetch(`${model?.url}/v1/models`);
  expect(unknown.status).toBe(404);
  expect(await unknown.text()).toContain("/v1/models");
});

test("stop() ends a stalled stream at once", async () => {
  const response = await ask([stall([text("Half")])], { ...hello, stream: true });
  const read = response.text().then(
    () => "ended",
    () => "cut",
  );
  const stopped = model?.stop().then(() => "stopped");
  expect(await Promise.race([stopped, sleep(5_000)])).toBe("stopped");
  expect(await read).toBe("cut");
});

test("a body that is not JSON is refused", async () => {
  model = await startScriptedModel({ script: [say([])] });
  const response = await fetch(`${model.url}/v1/messages`, { method: "POST", body: "not json" });
  expect(response.status).toBe(400);
});
