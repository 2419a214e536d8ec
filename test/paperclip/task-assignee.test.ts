import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { createTaskAssigneeReader } from "../../src/paperclip/task-assignee.ts";

let server: Server | undefined;
afterEach(() => server?.close());

async function answering(status: number, body: string) {
  const asked: string[] = [];
  server = createServer((request, response) => {
    asked.push(`${request.headers.authorization} ${request.url}`);
    response.writeHead(status, { location: "http://127.0.0.1:9/" }).end(body);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { asked, read: createTaskAssigneeReader({ url, token: "token" }) };
}

it("reads whom a task belongs to, with the run's own token", async () => {
  const { asked, read } = await answering(200, JSON.stringify({ id: "a/b", assigneeAgentId: "agent-2" }));
  expect(await read("a/b")).toEqual({ kind: "known", agentId: "agent-2" });
  expect(asked).toEqual(["Bearer token /api/issues/a%2Fb"]);
});

it("knows a task of nobody's", async () => {
  const { read } = await answering(200, JSON.stringify({ id: "t", assigneeAgentId: null }));
  expect(await read("t")).toEqual({ kind: "known", agentId: null });
});

it.each([
  [404, JSON.stringify({ error: "Issue not found" })],
  [403, JSON.stringify({ id: "t", assigneeAgentId: "agent-2" })],
  [302, JSON.stringify({ id: "t", assigneeAgentId: "agent-2" })],
  [200, "<html>a proxy's page</html>"],
  [200, JSON.stringify({ id: "another", assigneeAgentId: "agent-2" })],
])("takes %i %s for no word of Paperclip's", async (status, body) => {
  const { read } = await answering(status, body);
  expect(await read("t")).toEqual({ kind: "unknown" });
});

it("does not ask without an address, a token or an answer", async () => {
  for (const options of [
    { url: null, token: "token" },
    { url: "http://127.0.0.1:9", token: null },
    { url: "http://127.0.0.1:9", token: "token" },
  ])
    expect(await createTaskAssigneeReader(options)("t")).toEqual({ kind: "unknown" });
});
