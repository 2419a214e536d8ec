/** By what `claude-k8s gc --work` knows that an agent is gone, asked of the real server: a version that answers otherwise is no proof. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AgentKnown, agentKnownReader } from "../../src/paperclip/agent-known.ts";
import { Stage } from "../stage/stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ scenes: {}, adapter: null });
});
afterAll(() => stage?.[Symbol.asyncDispose]());

it("is that it was deleted, in a company that is there; not that it is terminated, of another adapter, or nowhere", async () => {
  const { api, company, server } = stage;
  const create = (name: string) => api.createAgent(company.id, { name, adapterType: "process", adapterConfig: {} });
  const [here, terminated, deleted] = [await create("Here"), await create("Terminated"), await create("Deleted")];
  await api.post(`/agents/${terminated.id}/terminate`);
  expect((await api.agents(company.id)).map(({ id }) => id)).not.toContain(terminated.id);
  expect((await api.ask("DELETE", `/agents/${deleted.id}`)).status).toBe(200);
  const known = async (agentId: string, companyId = company.id): Promise<AgentKnown["kind"]> =>
    (await agentKnownReader({ url: server.url, token: null })({ companyId, agentId })).kind;
  expect(await Promise.all([here, terminated, deleted].map(({ id }) => known(id)))).toEqual(["known", "known", "gone"]);
  expect(await known(deleted.id, randomUUID())).toBe("unclear");
});

it("is not that its company was deleted: of that Paperclip says what any other one would say of it", async () => {
  const { api, server } = stage;
  const company = await api.createCompany("Leaves");
  const agent = await api.createAgent(company.id, { name: "Leaver", adapterType: "process", adapterConfig: {} });
  const known = () => agentKnownReader({ url: server.url, token: null })({ companyId: company.id, agentId: agent.id });
  expect(await known()).toEqual({ kind: "known" });
  expect((await api.ask("DELETE", `/companies/${company.id}`)).status).toBe(200);
  expect(await known()).toEqual({ kind: "unclear", why: `Paperclip has no company ${company.id}` });
});
