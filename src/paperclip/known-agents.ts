/** The agents that Paperclip keeps files of: their companies' and their own ids, which the operator's templates may hold. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";

export interface KnownAgent {
  readonly companyId: string;
  readonly agentId: string;
}

/** More are not looked for: on a shared home an agent could make folders without end. */
const MAX_AGENTS = 10_000;

/** An id as Paperclip gives one; a folder of another name is none of its. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** `HOME/instances/INSTANCE/companies/COMPANY/agents/AGENT` (2026.916.1). Never rejects: what cannot be read holds nobody. */
export async function knownAgents(home: string): Promise<readonly KnownAgent[]> {
  const found: KnownAgent[] = [];
  const instances = join(home, "instances");
  for (const instance of await foldersIn(instances)) {
    const companies = join(instances, instance, "companies");
    for (const companyId of await foldersIn(companies)) {
      for (const agentId of await foldersIn(join(companies, companyId, "agents"))) {
        if (found.length >= MAX_AGENTS) return found;
        found.push({ companyId, agentId });
      }
    }
  }
  return found;
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory() && ID.test(entry.name)).map(({ name }) => name);
}
