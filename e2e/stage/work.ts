/** Agents that work in steps until a test lets them go on (the scene `steps`): what a restart of the server may not harm. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeObject } from "../../devcluster/src/types.ts";
import type { Agent, Issue, Run } from "../host/records.ts";
import { until } from "../host/until.ts";
import type { Stage } from "./stage.ts";

export interface Work {
  readonly agent: Agent;
  readonly run: Run;
  /** Name of the Job that does it. */
  readonly job: string;
  /** Its steps so far, in order, each with a line's end. */
  marks(): Promise<string>;
  /** Lets it do its last step. */
  unsuspend(): Promise<void>;
}

/** A task that is at its second step, and waits there. */
export async function beginTask(stage: Stage, name: string): Promise<Work & { readonly issue: Issue }> {
  const agent = await stage.agent(name);
  const { issue, run } = await stage.task(agent, `${name} works in steps [scene:steps]`);
  return { issue, ...(await atSecondStep(stage, agent, run, issue.id)) };
}

/** The same without a task, as with "Run heartbeat" on the agent's page: the prompt has the agent's name, and so the scene. */
export async function beginOnDemand(stage: Stage, name: string): Promise<Work> {
  const agent = await stage.agent(`${name} [scene:steps]`);
  const { id } = await stage.api.wakeup(agent.id, {});
  return atSecondStep(stage, agent, await stage.api.run(String(id)), agent.id);
}

async function atSecondStep(stage: Stage, agent: Agent, run: Run, work: string): Promise<Work> {
  const file = (name: string): string => join(stage.cluster.homeFolder ?? "", `${name}-${work}`);
  const marks = (): Promise<string> => readFile(file("marks"), "utf8").catch(() => "");
  await until(`${agent.name} is at the second step`, async () => (await marks()).includes("second"));
  const job = jobsOf(stage).find(({ metadata }) => metadata.labels?.["paperclip.io/agent-id"] === agent.id);
  return { agent, run, job: job?.metadata.name ?? "", marks, unsuspend: () => writeFile(file("go"), "") };
}

export const jobsOf = (stage: Stage): readonly KubeObject[] =>
  stage.cluster.devcluster?.store.list("jobs", "agents") ?? [];

export const jobNames = (stage: Stage): string[] => jobsOf(stage).map(({ metadata }) => metadata.name);

/** Until the dead server's lease on its runs is over: a server that boots then finds them lost at once (measured). */
export async function outliveLease(leases: readonly (string | null)[]): Promise<void> {
  const last = Math.max(...leases.map((expires) => Date.parse(expires ?? "")));
  await sleep(Math.max(0, last - Date.now()) + 1000);
}
