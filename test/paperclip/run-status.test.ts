import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createRunStatusReader, type RunStatus } from "../../src/paperclip/run-status.ts";

let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function ask(
  answer: RequestListener,
  options: { token?: string | null; timeoutMs?: number } = {},
): Promise<RunStatus> {
  server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { token = "the-token", timeoutMs = 5000 } = options;
  return createRunStatusReader({ url, token, timeoutMs })("run-1");
}

const json =
  (status: number, body: unknown): RequestListener =>
  (_, response) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

describe("the status of a run", () => {
  it("is asked for with the run's token", async () => {
    const asked: unknown[] = [];
    await ask((request, response) => {
      asked.push(request.method, request.url, request.headers.authorization);
      json(200, { id: "run-1", status: "running" })(request, response);
    });
    expect(asked).toEqual(["GET", "/api/heartbeat-runs/run-1", "Bearer the-token"]);
  });

  it.each(["queued", "scheduled_retry", "running", "cancelling", "a word of tomorrow"])(
    "%s is alive",
    async (status) => {
      expect(await ask(json(200, { id: "run-1", status }))).toEqual({ kind: "alive", status });
    },
  );

  it.each(["succeeded", "failed", "cancelled", "timed_out", "interrupted"])("%s is over", async (status) => {
    expect(await ask(json(200, { id: "run-1", status }))).toEqual({ kind: "over", status, reported: null });
  });

  it("tells which Job's outcome the record holds", async () => {
    const resultJson = { verdict: "completed", job: { name: "j", uid: "u" } };
    expect(await ask(json(200, { id: "run-1", status: "failed", resultJson }))).toMatchObject({
      reported: { job: "u", verdict: "completed" },
    });
  });

  it("is unknown only when Paperclip itself says so", async () => {
    expect(await ask(json(404, { error: "Heartbeat run not found" }))).toEqual({ kind: "unknown" });
    server?.close();
    const page = await ask((_, response) => response.writeHead(404).end("<h1>nginx</h1>"));
    expect(page).toMatchObject({ kind: "unreadable", denied: false });
  });

  it.each([
    [401, true],
    [403, true],
    [400, false],
    [302, false],
    [429, false],
    [500, false],
    [503, false],
  ])("cannot be read from an answer %i", async (status, denied) => {
    expect(await ask(json(status, { error: "no" }))).toMatchObject({ kind: "unreadable", denied });
  });

  it("knows a terminated agent by Paperclip's own words, from no other refusal", async () => {
    const words = { error: "Agent is terminated and cannot authenticate" };
    expect(await ask(json(401, words))).toMatchObject({ kind: "unreadable", denied: true, terminated: true });
    for (const [status, body] of [
      [401, { error: "Agent token did not verify" }],
      [403, words],
      [502, words],
    ] as const) {
      server?.close();
      expect(await ask(json(status, body))).not.toHaveProperty("terminated");
    }
  });

  it("cannot be read from anything that is no record of this run", async () => {
    for (const body of ["text", 7, null, [], {}, { status: 3 }, { id: "another", status: "failed" }]) {
      expect(await ask(json(200, body)), JSON.stringify(body)).toMatchObject({ kind: "unreadable" });
      server?.close();
    }
  });

  it("cannot be read without address or token, and nobody is asked", async () => {
    const nobody = () => expect.fail("asked");
    expect(await ask(nobody, { token: null })).toMatchObject({
      kind: "unreadable",
      why: expect.stringContaining("token"),
    });
    expect(await createRunStatusReader({ url: null, token: "t" })("r")).toMatchObject({ kind: "unreadable" });
  });

  it("cannot be read from a server that is silent, gone, endless or breaks off", async () => {
    expect(await ask(() => undefined, { timeoutMs: 50 })).toMatchObject({ why: "no answer within 0.05 s" });
    server?.closeAllConnections();
    const { port } = (server as Server).address() as AddressInfo;
    server?.close();
    const refused = createRunStatusReader({ url: `http://127.0.0.1:${port}`, token: "t" });
    expect(await refused("r")).toMatchObject({ kind: "unreadable", why: expect.stringContaining("ECONNREFUSED") });
    const endless = await ask((_, response) => {
      response.writeHead(200);
      const more = () => response.write(Buffer.alloc(1024 * 1024), more);
      more();
    });
    expect(endless).toMatchObject({ kind: "unreadable", why: expect.stringContaining("longer than") });
    server?.closeAllConnections();
    const broken = await ask((_, response) => {
      response.writeHead(200, { "content-length": "100" }).write("{");
      response.destroy();
    });
    expect(broken).toMatchObject({ kind: "unreadable" });
  });
});
