import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, expect, test } from "vitest";
import { DemoError } from "../demo-error.ts";
import { forgetModelSettings } from "../environment.ts";
import { type Model, openModel } from "../model.ts";

const here = { local: true, apiServerHost: "127.0.0.1" };
const choice = { live: false, kill: false, modelUrl: null, apiKey: null };

let model: Model | undefined;
afterEach(async () => {
  await model?.stop();
});

/** A port on which nothing listens. */
async function freePort(): Promise<number> {
  const server = http.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const isScripted = async (url: string): Promise<boolean> =>
  (await (await fetch(url)).text()).includes("scripted model");

test("on the devcluster the scripted model listens on loopback only", async () => {
  model = await openModel(choice, here);
  expect(model).toMatchObject({
    kind: "scripted",
    env: { ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: "demo-no-key" },
  });
  expect(new URL(model.url ?? "").hostname).toBe("127.0.0.1");
  expect(await isScripted(model.url ?? "")).toBe(true);
});

test("for a real cluster it listens at an address that is not loopback, and says which", async () => {
  const outward = Object.values(networkInterfaces())
    .flat()
    .some((entry) => entry && !entry.internal && entry.family === "IPv4");
  if (!outward) return expect(openModel(choice, { ...here, local: false })).rejects.toThrow(DemoError);
  model = await openModel(choice, { local: false, apiServerHost: "127.0.0.1" });
  expect(new URL(model.url ?? "").hostname).not.toMatch(/^127\./);
  expect(model.sentence).toContain(model.url);
  expect(await isScripted(model.url ?? "")).toBe(true);
});

test("--model-url with somebody there: that is the model, and gets no key of the user", async () => {
  const server = http.createServer((_request, response) => response.end("a gateway")).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    model = await openModel({ ...choice, modelUrl: url, apiKey: "secret" }, here);
    expect(model).toMatchObject({ kind: "given", url: url.origin });
    expect(JSON.stringify(model)).not.toContain("secret");
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test("--model-url of this machine with nobody there: the scripted model listens there", async () => {
  const url = new URL(`http://localhost:${await freePort()}`);
  model = await openModel({ ...choice, modelUrl: url }, here);
  expect(model).toMatchObject({ kind: "scripted", url: url.origin });
  expect(await isScripted(url.href)).toBe(true);
});

test.each(["127.0.0.1", "localhost"])("--model-url with %s: nobody else can reach the scripted model", async (host) => {
  const url = new URL(`http://${host}:${await freePort()}`);
  model = await openModel({ ...choice, modelUrl: url }, here);
  expect(await isScripted(url.href)).toBe(true);
  const others = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  const outward = others.filter(({ internal, family }) => !internal && family === "IPv4").map(({ address }) => address);
  // On Linux, all of 127.0.0.0/8 is this machine's: one more address on which nothing may listen.
  for (const address of ["127.0.0.2", ...outward])
    await expect(fetch(`http://${address}:${url.port}`, { signal: AbortSignal.timeout(2_000) })).rejects.toThrow();
});

test("--model-url of another machine with nobody there is an error that says how we know and what to do", async () => {
  // TEST-NET-1: nobody's address (RFC 5737).
  const failed = openModel({ ...choice, modelUrl: new URL("http://192.0.2.1:9") }, here);
  await expect(failed).rejects.toMatchObject({
    message: "No model can be reached at http://192.0.2.1:9.",
    evidence: [expect.stringContaining("Nothing answers"), expect.stringContaining("not an address of this machine")],
  });
});

test("--live hands the user's key on, and says that it costs money", async () => {
  model = await openModel({ ...choice, live: true, apiKey: "secret" }, here);
  expect(model).toMatchObject({ kind: "live", env: { ANTHROPIC_API_KEY: "secret" } });
  expect(model.sentence).toContain("costs money");
});

test("what the demo's own process has for Claude does not reach the pod", () => {
  const env = {
    ANTHROPIC_API_KEY: "a",
    ANTHROPIC_BASE_URL: "b",
    CLAUDE_CODE_USE_BEDROCK: "1",
    AWS_PROFILE: "c",
    PATH: "/bin",
  };
  forgetModelSettings(env);
  expect(env).toEqual({ PATH: "/bin" });
});
