/** All agents of one adapter type in this Paperclip, with the configurations that their open tasks override. */
import { type ApiAnswer, getFromApi } from "./api-get.ts";
import { record, text } from "./wake.ts";

/** A configuration that a run may get. */
export interface ListedAgent {
  readonly companyId: string;
  /** The company's name. */
  readonly company: string;
  readonly agentId: string;
  readonly name: string;
  /** As Paperclip hands it to a run; what looks like a credential reads `***REDACTED***`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The task that overrides it, such as ACME-12; null: it is the agent's own. */
  readonly task: string | null;
}

export interface AgentListRequest {
  readonly url: string;
  /** A board API key; null where Paperclip asks for none. */
  readonly token: string | null;
  readonly adapterType: string;
}

export type AgentList =
  | {
      readonly kind: "listed";
      readonly agents: readonly ListedAgent[];
      readonly companies: number;
      /** What could not be read, as sentences without their end. */
      readonly unread: readonly string[];
    }
  | { readonly kind: "failed"; readonly why: string; readonly fix: string };

const TIMEOUT_MS = 30_000;
/** A task has up to 1200 characters of its description in the list, and some 3 KB beside. */
const PAGE = 200;
/** Pages of open tasks of one company. */
const MOST_PAGES = 50;
/** A task that is done starts no run. */
const OPEN = "backlog,todo,in_progress,in_review,blocked";

class Unreadable extends Error {
  readonly fix: string;

  constructor(why: string, fix: string) {
    super(why);
    this.fix = fix;
  }
}

/** Never rejects: what cannot be read is a value. */
export async function listAgents(request: AgentListRequest): Promise<AgentList> {
  try {
    const companies = await rows(request, "/api/companies");
    const agents: ListedAgent[] = [];
    const unread: string[] = [];
    for (const company of companies) {
      const own = await agentsOf(request, company);
      agents.push(...own);
      if (own.length === 0) continue;
      const tasks = await overridesOf(request, text(company.id) ?? "", own);
      agents.push(...tasks.agents);
      unread.push(...tasks.unread);
    }
    return { kind: "listed", agents, companies: companies.length, unread };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { kind: "failed", why: error.message, fix: error.fix };
  }
}

async function agentsOf(request: AgentListRequest, company: Record<string, unknown>): Promise<ListedAgent[]> {
  const companyId = text(company.id) ?? "";
  const all = await rows(request, `/api/companies/${encodeURIComponent(companyId)}/agents`);
  return all
    .filter(({ adapterType }) => adapterType === request.adapterType)
    .map((agent) => ({
      companyId,
      company: text(company.name) ?? companyId,
      agentId: text(agent.id) ?? "",
      name: text(agent.name) ?? text(agent.id) ?? "",
      config: asRunGetsIt(record(agent.adapterConfig)),
      task: null,
    }));
}

/** A task may override every key for its assignee (2026.916.1). */
async function overridesOf(request: AgentListRequest, companyId: string, agents: readonly ListedAgent[]) {
  const byId = new Map(agents.map((agent) => [agent.agentId, agent]));
  const found: ListedAgent[] = [];
  const unread: string[] = [];
  const path = `/api/companies/${encodeURIComponent(companyId)}/issues?status=${OPEN}&limit=${PAGE}`;
  for (let page = 0; ; page++) {
    if (page === MOST_PAGES) {
      unread.push(`${agents[0]?.company} has more than ${MOST_PAGES * PAGE} open tasks; the overrides of the others`);
      break;
    }
    const tasks = await rows(request, `${path}&offset=${page * PAGE}`).catch((error: Error) => error);
    if (tasks instanceof Error) {
      unread.push(`the tasks of ${agents[0]?.company} (${tasks.message})`);
      break;
    }
    for (const task of tasks) {
      const agent = byId.get(text(task.assigneeAgentId) ?? "");
      const override = record(record(task.assigneeAdapterOverrides).adapterConfig);
      if (!agent || Object.keys(override).length === 0) continue;
      const name = text(task.identifier) ?? text(task.id) ?? "";
      found.push({ ...agent, config: asRunGetsIt({ ...agent.config, ...override }), task: name });
    }
    if (tasks.length < PAGE) break;
  }
  return { agents: found, unread };
}

async function rows({ url, token }: AgentListRequest, path: string): Promise<Record<string, unknown>[]> {
  const answer = await getFromApi({ url, path, token, timeoutMs: TIMEOUT_MS });
  const list = listIn(answer, `${url}${path}`, token);
  return list.map(record);
}

function listIn(answer: ApiAnswer, what: string, token: string | null): unknown[] {
  if (answer.kind === "failed")
    throw new Unreadable(`${what} does not answer: ${answer.why}`, "Name Paperclip's address with --api-url.");
  const { status, body } = answer;
  if (status === 401 || status === 403) {
    const why = token === null ? `${what} needs a key (${status})` : `${what} does not accept the key (${status})`;
    throw new Unreadable(why, KEY);
  }
  if (status !== 200 || !Array.isArray(body))
    throw new Unreadable(`${what} gives no list (${status})`, "Name Paperclip's own address with --api-url.");
  return body;
}

const KEY =
  "Give a board API key of somebody who may see all companies: --token KEY, or PAPERCLIP_API_KEY. An agent's key does not list companies.";

/** Paperclip lists a variable as where its value comes from, `{type, …}`, and hands a run the value. */
function asRunGetsIt(config: Record<string, unknown>): Record<string, unknown> {
  if (!("env" in config)) return config;
  const values = Object.entries(record(config.env)).map(([name, value]) => [
    name,
    typeof value === "string" ? value : "***REDACTED***",
  ]);
  return { ...config, env: Object.fromEntries(values) };
}
