/** Several companies with agents that all work at once, and one secret word for each task: who mixes two up is seen. */
import type { Conversation } from "../../demo/scripted-model/index.ts";
import type { Agent, Company, Issue, Run } from "../host/records.ts";
import { finish, type Scene, steps } from "./scenes.ts";
import type { Stage } from "./stage.ts";

export interface Staff {
  readonly company: Company;
  readonly agents: readonly Agent[];
}

export interface Assignment {
  readonly company: Company;
  readonly agent: Agent;
  readonly issue: Issue;
  /** Stands in this task's title and nowhere else. */
  readonly word: string;
}

/** Tokens of each answer of the model, of the task's own conversation. */
export const OUTPUT_TOKENS = 11;

const metered =
  (scene: Scene): Scene =>
  (asked, step) => {
    const turn = scene(asked, step);
    return turn.kind === "reply" ? { ...turn, usage: { output_tokens: OUTPUT_TOKENS } } : turn;
  };

/** Milliseconds that an agent thinks about a command that failed. */
const THINKS_MS = 3000;

/** As a real agent: what failed, because Paperclip was away for instance, is tried again. */
const persistent =
  (scene: Scene): Scene =>
  (asked, step) => {
    const turn = scene(asked, step - failuresIn(asked));
    return turn.kind === "reply" && asked.toolResult?.isError ? { ...turn, delayMs: THINKS_MS } : turn;
  };

/** Since the user last said something. */
function failuresIn({ body: { messages = [] } }: Conversation): number {
  const blocks = messages.map(({ content }) => (Array.isArray(content) ? content : []));
  const from = messages.findLastIndex(
    ({ role }, index) => role === "user" && !blocks[index]?.some(({ type }) => type === "tool_result"),
  );
  return blocks
    .slice(from + 1)
    .flat()
    .filter(({ type, is_error }) => type === "tool_result" && is_error).length;
}

export const companyScenes = { quick: metered(persistent(finish)), held: metered(persistent(steps)) };

export async function staff(stage: Stage, company: Company, names: readonly string[]): Promise<Staff> {
  const adapterConfig = stage.agentConfig();
  const agents = names.map((name) => stage.api.createAgent(company.id, { name, adapterConfig }));
  return { company, agents: await Promise.all(agents) };
}

/**
 * To each agent that many tasks, one after the other as a person's clicks come. Ten at the same moment make Paperclip
 * 2026.916.1 stand still, whatever their adapter: each wake-up holds one of its ten database connections and asks for
 * another (seen in pg_stat_activity).
 */
export async function assign(
  stage: Stage,
  { company, agents }: Staff,
  scene: keyof typeof companyScenes,
  count: number,
): Promise<readonly Assignment[]> {
  const done: Assignment[] = [];
  for (const agent of agents)
    for (let index = 0; index < count; index++) {
      const word = `word-${company.name}-${agent.name}-${scene}-${index}`.toLowerCase();
      const title = `${word} [scene:${scene}]`;
      const issue = await stage.api.createIssue(company.id, { title, assigneeAgentId: agent.id });
      done.push({ company, agent, issue, word });
    }
  return done;
}

/** The words of all tasks that a conversation has seen. */
export function wordsIn({ body }: Conversation): ReadonlySet<string> {
  return new Set(JSON.stringify(body.messages ?? []).match(/word-[a-z0-9-]+/g));
}

/** All runs of a company, of whichever task. */
export const runsOfCompany = (stage: Stage, { id }: Company): Promise<readonly Run[]> =>
  stage.api.get(`/companies/${id}/heartbeat-runs?limit=200`);
