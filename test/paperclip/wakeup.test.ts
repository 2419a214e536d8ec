/** Asking Paperclip to wake agents: one after the other, and a failure holds up nobody. */
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { wakeAgent } from "../../src/paperclip/wakeup.ts";

it("asks for one agent at a time: ten at the same moment make Paperclip stand still", async () => {
  let open = 0;
  let most = 0;
  const server = http.createServer((request, response) => {
    most = Math.max(most, ++open);
    setImmediate(() => {
      open--;
      const fails = request.url?.includes("agent-3");
      response.writeHead(fails ? 500 : 202).end(JSON.stringify({ id: `of ${request.url}` }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ids = Array.from({ length: 12 }, (_, index) => `agent-${index}`);
  const asked = ids.map((agentId) => wakeAgent({ url, token: "t", agentId, taskId: null, lostRunId: agentId }));
  const answers = await Promise.all(asked);
  server.closeAllConnections();
  server.close();
  expect(most).toBe(1);
  expect(answers.map(({ kind }) => kind)).toEqual(ids.map((id) => (id === "agent-3" ? "failed" : "woken")));
});
