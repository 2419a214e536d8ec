import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { knownAgents } from "../../src/paperclip/known-agents.ts";
import { placesOf } from "../../src/policy/policy.ts";
import { policyOf } from "../support/policy.ts";

const known = [
  { companyId: "acme", agentId: "ada" },
  { companyId: "acme", agentId: "bob" },
  { companyId: "zeta", agentId: "cyd" },
];

it("Jobs can be in Paperclip's own namespace, where the policy says nothing", () => {
  expect(placesOf(policyOf({}), known)).toEqual([{ cluster: {}, namespace: null, open: [] }]);
});

it("Jobs can be in each namespace that the policy names, for each company that there is", () => {
  const clusters = {
    default: { namespaces: ["lab"] },
    gpu: { kubeconfig: "/k/gpu", context: "g", namespace: "agents-{companyId}", namespaces: ["x-{agentId}", "team-*"] },
  };
  const cluster = { kubeconfig: "/k/gpu", context: "g" };
  const named = ["agents-acme", "agents-zeta", "x-ada", "x-bob", "x-cyd"];
  expect(placesOf(policyOf({ clusters }), known)).toEqual([
    { cluster: {}, namespace: "lab", open: [] },
    { cluster: {}, namespace: null, open: [] },
    ...named.map((namespace) => ({ cluster, namespace, open: [] })),
    { cluster, namespace: null, open: ["team-*"] },
  ]);
});

it("the companies that there are have folders in Paperclip's home", async () => {
  const home = await mkdtemp(join(tmpdir(), "known-agents-"));
  const companies = join(home, "instances/default/companies");
  for (const one of ["acme/agents/ada", "acme/agents/bob", "zeta/agents/cyd", "acme/agents/.hidden", "empty"])
    await mkdir(join(companies, one), { recursive: true });
  await writeFile(join(companies, "zeta/agents/file"), "");
  expect((await knownAgents(home)).toSorted((a, b) => a.agentId.localeCompare(b.agentId))).toEqual(known);
  expect(await knownAgents("/nowhere")).toEqual([]);
  await rm(home, { recursive: true });
});
