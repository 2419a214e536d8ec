/** When an agent counts as gone: on a proof, and on nothing less. Answers as 2026.916.1 gives them. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { agentKnownReader } from "../../src/paperclip/agent-known.ts";

const uuid = (digit: string): string => `${digit.repeat(8)}-0000-4000-8000-${digit.repeat(12)}`;
const [SEEN, HIDDEN, FORBIDDEN] = [uuid("a"), uuid("b"), uuid("c")];
const [HERE, GONE, ODD, MOVED] = [uuid("1"), uuid("2"), uuid("3"), uuid("4")];

const ANSWERS: Readonly<Record<string, readonly [number, object | string]>> = {
  [`/api/companies/${SEEN}`]: [200, { id: SEEN }],
  [`/api/companies/${FORBIDDEN}`]: [403, { error: "User does not have access to this company" }],
  [`/api/agents/${HERE}`]: [200, { id: HERE, status: "terminated" }],
  [`/api/agents/${ODD}`]: [404, "<html>not here</html>"],
  [`/api/agents/${MOVED}`]: [404, { error: "API route not found" }],
};
const asked: string[] = [];
const server = createServer(({ url = "" }, response) => {
  asked.push(url);
  const [status, body] = ANSWERS[url] ?? [
    404,
    { error: url.startsWith("/api/agents/") ? "Agent not found" : "Company not found" },
  ];
  response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
});
beforeAll(() => once(server.listen(0, "127.0.0.1"), "listening"));
afterAll(() => server.close());
const access = () => ({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: "board" });

it.each([
  ["that Paperclip has, terminated or not", SEEN, HERE, "known", null],
  ["that Paperclip does not have, in a company that it shows", SEEN, GONE, "gone", null],
  ["of a company that this Paperclip does not have", HIDDEN, GONE, "unclear", /has no company/],
  ["of a company that the key may not see", FORBIDDEN, GONE, "unclear", /does not accept the key \(403\)/],
  ["of whom a proxy says that it is not there", SEEN, ODD, "unclear", /answered with 404/],
  ["of whom a Paperclip is asked that has another path for them", SEEN, MOVED, "unclear", /answered with 404/],
  ["whose id is a name, by which Paperclip would look for another", SEEN, "ada", "unclear", /ids are none/],
] as const)("an agent %s", async (_, companyId, agentId, kind, why) => {
  const known = await agentKnownReader(access())({ companyId, agentId });
  expect(known).toEqual({ kind, ...(why ? { why: expect.stringMatching(why) } : {}) });
});

it("asks for a company once and again for the proof, and calls nobody gone where nobody answers", async () => {
  const read = agentKnownReader(access());
  asked.length = 0;
  await Promise.all([HERE, GONE].map((agentId) => read({ companyId: SEEN, agentId })));
  expect(asked.filter((url) => url.startsWith("/api/companies"))).toHaveLength(2);
  const away = agentKnownReader({ url: "http://127.0.0.1:1", token: null });
  expect(await away({ companyId: SEEN, agentId: GONE })).toMatchObject({ kind: "unclear" });
});
