import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { bedrockModels, models } from "../../../src/config/models/known-models.ts";
import { createModelList } from "../../../src/config/models/list-models.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function api(answer: Answer) {
  const seen: IncomingMessage[] = [];
  let now = answer;
  const server = createServer((request, response) => {
    seen.push(request);
    now(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    seen,
    url,
    answerWith(next: Answer) {
      now = next;
    },
  };
}

const json =
  (body: unknown): Answer =>
  (_, response) =>
    response.end(JSON.stringify(body));
const fails: Answer = (_, response) => response.writeHead(529).end("{}");
const one = json({ data: [{ id: "claude-new-9", display_name: "Claude New 9" }] });

function clockwork() {
  let ms = 1_000_000;
  return { now: () => ms, pass: (by: number) => (ms += by) };
}

describe("the models that the page offers", () => {
  it("case 22: are the known ones where Paperclip's process has no credential", async () => {
    expect(await createModelList({ env: {} }).list()).toEqual(models);
    expect(await createModelList({ env: { ANTHROPIC_BASE_URL: "http://127.0.0.1:1" } }).list()).toEqual(models);
  });

  it("case 21: are Bedrock's where the model is Bedrock's, and the API is not asked", async () => {
    const { url, seen } = await api(one);
    const env = { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: url };
    for (const more of [{ CLAUDE_CODE_USE_BEDROCK: "1" }, { ANTHROPIC_BEDROCK_BASE_URL: "http://b" }])
      expect(await createModelList({ env: { ...env, ...more } }).list()).toEqual(bedrockModels);
    expect(await createModelList({ env: { ...env, CLAUDE_CODE_USE_VERTEX: "1" } }).list()).toEqual(models);
    expect(seen).toEqual([]);
  });

  it("are the API's before the known ones, each once, asked with the process' own key", async () => {
    const data = [
      { id: "claude-new-9", display_name: "Claude New 9" },
      { id: "claude-opus-5", display_name: "Opus 5!" },
    ];
    const { url, seen } = await api(json({ data: [...data, { id: " " }, { id: 5 }, null, "x", { id: "bare" }] }));
    const list = await createModelList({ env: { ANTHROPIC_API_KEY: " k ", ANTHROPIC_BASE_URL: `${url}/` } }).list();
    expect(list.slice(0, 3)).toEqual([
      { id: "claude-new-9", label: "Claude New 9" },
      { id: "claude-opus-5", label: "Opus 5!" },
      { id: "bare", label: "bare" },
    ]);
    expect(list.map(({ id }) => id).filter((id) => id === "claude-opus-5")).toHaveLength(1);
    expect(list).toEqual(expect.arrayContaining(models.filter(({ id }) => id !== "claude-opus-5")));
    expect(seen.map(({ url: path, headers }) => [path, headers["x-api-key"], headers["anthropic-version"]])).toEqual([
      ["/v1/models?limit=1000", "k", "2023-06-01"],
    ]);
  });

  it("are asked with a gateway's token too", async () => {
    const { url, seen } = await api(one);
    await createModelList({ env: { ANTHROPIC_AUTH_TOKEN: "t", ANTHROPIC_BASE_URL: url } }).list();
    expect(seen[0]?.headers.authorization).toBe("Bearer t");
    expect(seen[0]?.headers).not.toHaveProperty("x-api-key");
  });

  it("are asked for once a minute, by all who ask at once together, and at once when refreshed", async () => {
    const { url, seen } = await api(one);
    const { now, pass } = clockwork();
    const { list, refresh } = createModelList({ env: { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: url }, now });
    await Promise.all([list(), list(), list()]);
    pass(59_999);
    await list();
    expect(seen).toHaveLength(1);
    pass(1);
    await list();
    expect(seen).toHaveLength(2);
    await refresh();
    expect(seen).toHaveLength(3);
  });

  it("are the last ones while the API fails, and of another key never", async () => {
    const server = await api(one);
    const { now, pass } = clockwork();
    const env: NodeJS.ProcessEnv = { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: server.url };
    const { list } = createModelList({ env, now });
    const good = await list();
    server.answerWith(fails);
    pass(60_000);
    expect(await list()).toEqual(good);
    env.ANTHROPIC_API_KEY = "another";
    expect(await list()).toEqual(models);
  });

  it.each<[string, Answer]>([
    ["an error", fails],
    ["no JSON", (_, response) => response.end("<html>")],
    ["another shape", json({ data: "none" })],
    ["no models", json({ data: [] })],
    ["a broken connection", (_, response) => response.destroy()],
    ["a redirect, which would take the key along", (_, response) => response.writeHead(302, { location: "/x" }).end()],
    ["more than anybody reads", (_, response) => response.end(`{"data": [], "x": "${"x".repeat(2 ** 20)}"}`)],
  ])("are the known ones after %s", async (_, answer) => {
    const { url, seen } = await api(answer);
    expect(await createModelList({ env: { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: url } }).list()).toEqual(models);
    expect(seen).toHaveLength(1);
  });

  it("are the known ones where the API does not answer in time, or begins and never ends", async () => {
    for (const answer of [() => undefined, (_: IncomingMessage, response: ServerResponse) => response.write("{")]) {
      const { url } = await api(answer);
      const env = { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: url };
      expect(await createModelList({ env, timeoutMs: 50 }).list()).toEqual(models);
    }
  });

  it("are the known ones where the address is none", async () => {
    for (const address of ["not an address", "file:///etc/passwd", "unix:/s"]) {
      const env = { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: address };
      expect(await createModelList({ env }).list()).toEqual(models);
    }
  });
});
