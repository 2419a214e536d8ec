/** Agents that work in steps until a test lets them go on (the scene `steps`): what a restart of the server may not harm. */

import { glob, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeObject } from "../../devcluster/src/types.ts";
import { isBundle } from "../../src/run/shared/names.ts";
import type { Agent, Issue, Run } from "../host/records.ts";
import { until } from "../host/until.ts";
import type { Stage } from "./stage.ts";

export interface Work {
  readonly agent: Agent;
  /** Null: a run without a task. */
  readonly issueId: string | null;
  readonly run: Run;
  /** Name of the Job that does it. */
  readonly job: string;
  /** Its steps so far, in order, each with a line's end. */
  marks(): Promise<string>;
  /** Lets it do its last step. */
  finishStep(): Promise<void>;
}

/** A task that is at its second step, and waits there. */
export async function beginTask(stage: Stage, name: string): Promise<Work & { readonly issue: Issue }> {
  const [work] = await beginTasks(stage, name, 1);
  if (!work) throw new Error("one was asked for");
  return work;
}

/** Tasks of one agent that are all at their second step at the same time. */
export async function beginTasks(
  stage: Stage,
  name: string,
  count: number,
): Promise<readonly (Work & { readonly issue: Issue })[]> {
  const agent = await stage.agent(name);
  const titles = Array.from({ length: count }, (_, index) => `${name} works in steps, ${index + 1} [scene:steps]`);
  const issues = await Promise.all(
    titles.map((title) => stage.api.createIssue(stage.company.id, { title, assigneeAgentId: agent.id })),
  );
  return Promise.all(
    issues.map(async (issue) => {
      const run = await until(`a run of ${issue.title}`, async () => (await runsOf(stage, agent, issue.id)).at(-1));
      return { issue, ...(await atSecondStep(stage, agent, run, issue.id)) };
    }),
  );
}

/** The agent's runs for a task, newest first; null: those without one. */
export async function runsOf(stage: Stage, agent: Agent, issueId: string | null): Promise<readonly Run[]> {
  const all = await stage.api.runs(stage.company.id, agent.id);
  return all.filter(({ contextSnapshot }) => (contextSnapshot?.issueId ?? null) === issueId);
}

/** The same without a task, as with "Run heartbeat" on the agent's page: the prompt has the agent's name, and so the scene. */
export async function beginOnDemand(stage: Stage, name: string): Promise<Work> {
  const agent = await stage.agent(`${name} [scene:steps]`);
  const { id } = await stage.api.wakeup(agent.id, {});
  return atSecondStep(stage, agent, await stage.api.run(String(id)), null);
}

async function atSecondStep(stage: Stage, agent: Agent, run: Run, issueId: string | null): Promise<Work> {
  const work = issueId ?? agent.id;
  const marks = (): Promise<string> => marksOf(stage, work);
  await until(`${agent.name} is at the second step`, async () => (await marks()).includes("second"));
  const job = jobsOf(stage).find(({ metadata }) => metadata.annotations?.["paperclip.io/run-id"] === run.id);
  return { agent, issueId, run, job: job?.metadata.name ?? "", marks, finishStep: () => letGoOn(stage, work) };
}

const fileOf = (stage: Stage, name: string, work: string): string =>
  join(stage.cluster.homeFolder ?? "", `${name}-${work}`);

/** The steps so far of a task; without one, of an agent. */
export const marksOf = (stage: Stage, work: string): Promise<string> =>
  readFile(fileOf(stage, "marks", work), "utf8").catch(() => "");

/** Lets its last step be done. */
export const letGoOn = (stage: Stage, work: string): Promise<void> => writeFile(fileOf(stage, "go", work), "");

/** Those of runs: not what holds the files that runs share, and stays for the next one. */
export const jobsOf = (stage: Stage): readonly KubeObject[] => ownOf(stage, "jobs");

export const secretsOf = (stage: Stage): readonly KubeObject[] => ownOf(stage, "secrets");

const ownOf = (stage: Stage, resource: string): readonly KubeObject[] =>
  (stage.cluster.devcluster?.store.list(resource, "agents") ?? []).filter(({ metadata }) => !isBundle(metadata.name));

export const jobNames = (stage: Stage): string[] => jobsOf(stage).map(({ metadata }) => metadata.name);

/** How many pods have the token of the run that adopted their Job: the kubelet has brought it. */
export const countNewTokens = async (stage: Stage): Promise<number> =>
  (await Array.fromAsync(glob(join(stage.home.folder, "cluster/pods/*/volumes/token/1.sh")))).length;

/** Until the dead server's lease on its runs is over: a server that boots then finds them lost at once (measured). */
export async function outliveLease(leases: readonly (string | null)[]): Promise<void> {
  const last = Math.max(...leases.map((expires) => Date.parse(expires ?? "")));
  if (Number.isNaN(last)) throw new Error("a run that nobody holds has no lease to outlive");
  await sleep(Math.max(0, last - Date.now()) + 1000);
}
