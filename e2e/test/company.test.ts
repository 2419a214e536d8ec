/** Two companies on one server and one cluster: five agents work on two tasks each, and the server is killed in the middle. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Company, Json, Run } from "../host/records.ts";
import { isOver } from "../host/records.ts";
import { until } from "../host/until.ts";
import {
  type Assignment,
  assign,
  companyScenes,
  OUTPUT_TOKENS,
  runsOfCompany,
  type Staff,
  staff,
  wordsIn,
} from "../stage/companies.ts";
import { countAtWork } from "../stage/disruptions.ts";
import { Stage } from "../stage/stage.ts";
import { countNewTokens, jobNames, letGoOn, marksOf, outliveLease, secretsOf } from "../stage/work.ts";

const NORTH = ["Nell", "Nico", "Nina"];
const SOUTH = ["Sara", "Seth"];

let stage: Stage;
let companies: readonly Staff[];
let witness: ReturnType<typeof countAtWork>;
beforeAll(async () => {
  stage = await Stage.open({ scenes: companyScenes, company: "North" });
  const south = await stage.api.createCompany("South");
  companies = await Promise.all([staff(stage, stage.company, NORTH), staff(stage, south, SOUTH)]);
  witness = countAtWork(stage);
});
afterAll(async () => {
  witness?.end();
  await stage?.[Symbol.asyncDispose]();
});

const assignAll = async (scene: keyof typeof companyScenes, count: number): Promise<readonly Assignment[]> =>
  (await Promise.all(companies.map((one) => assign(stage, one, scene, count)))).flat();

const isDone = async ({ issue }: Assignment): Promise<boolean> => (await stage.api.issue(issue.id)).status === "done";

const untilDone = (assignments: readonly Assignment[], within: number): Promise<unknown> =>
  until(
    "all tasks are done",
    async () => (await Promise.all(assignments.map(isDone))).every(Boolean),
    { within, every: 1000 },
    () => Promise.all(assignments.map(async (one) => ({ word: one.word, done: await isDone(one) }))),
  );

const allRuns = async (): Promise<readonly Run[]> =>
  (await Promise.all(companies.map(({ company }) => runsOfCompany(stage, company)))).flat();

/** Output tokens by agent. */
async function ledgerOf({ id }: Company): Promise<Readonly<Record<string, number>>> {
  const ledger = await stage.api.get<readonly Json[]>(`/companies/${id}/costs/by-agent`);
  return Object.fromEntries(ledger.map(({ agentId, outputTokens }) => [agentId, Number(outputTokens)]));
}

describe("two companies with five agents", () => {
  let held: readonly Assignment[];
  let quick: readonly Assignment[];

  it("do all their tasks, though the server is killed in the middle", async () => {
    held = await assignAll("held", 1);
    await until(
      "each agent is at the second step of its first task",
      async () => (await Promise.all(held.map(({ issue }) => marksOf(stage, issue.id)))).every(isAtSecondStep),
      { within: 150_000, every: 500 },
      () => Promise.all(held.map(({ issue }) => marksOf(stage, issue.id))),
    );
    // Beside that they get another one each.
    quick = await assignAll("quick", 1);
    await untilDone(quick, 120_000);
    // A run that is lost after its agent has closed the task is continued by nobody: Paperclip starts none for it. And it
    // enters what a run has cost after that run's end: what it has not entered at a crash, it never does (measured).
    await until("only the first tasks' runs go on", async () => {
      const running = (await allRuns()).filter((run) => !isOver(run));
      return running.every(({ contextSnapshot }) => held.some(({ issue }) => issue.id === contextSnapshot?.issueId));
    });
    await until("the short runs are on the ledger", async () => {
      const ledgers = await Promise.all(companies.map(({ company }) => ledgerOf(company)));
      return ledgers.flatMap((ledger) => Object.values(ledger)).length === quick.length;
    });
    // Lists of runs do not have the lease.
    const working = (await allRuns()).filter(({ status }) => status === "running");
    const records = await Promise.all(working.map(({ id }) => stage.api.run(id)));
    await stage.server.kill();
    await outliveLease(records.flatMap(({ controllerLeaseExpiresAt }) => controllerLeaseExpiresAt ?? []));
    await stage.reboot();
    // A run's token is of use for as long as Paperclip takes that run for alive: they close their tasks with the next one's.
    await until("each pod has its new token", async () => (await countNewTokens(stage)) === held.length, {
      within: 120_000,
    });
    await Promise.all(held.map(({ issue }) => letGoOn(stage, issue.id)));
    await untilDone(held, 120_000);
  }, 480_000);

  it("leave no run red but those that the host itself calls lost, and each was continued", async () => {
    const runs = await until("no run goes on", async () => {
      const all = await allRuns();
      return all.every(isOver) && all;
    });
    const red = runs.filter(({ status }) => status !== "succeeded");
    expect(red.map(({ errorCode, error }) => errorCode ?? error)).toEqual(red.map(() => "process_lost"));
    for (const { contextSnapshot } of red) {
      const later = runs.filter(
        (run) => run.contextSnapshot?.issueId === contextSnapshot?.issueId && run.status === "succeeded",
      );
      expect(later.length).toBeGreaterThan(0);
    }
  });

  it("do nothing twice, and never two agents at one task", async () => {
    for (const { issue, word } of held)
      expect.soft(await marksOf(stage, issue.id), word).toBe("first\nsecond\nthird\n");
    expect([...witness.most.values()].filter((most) => most > 1)).toEqual([]);
  });

  it("mix up no session: each conversation has seen one task's word", async () => {
    const seen = stage.model.requests.filter(({ role }) => role === "main").map((one) => [...wordsIn(one)]);
    expect(seen.filter((words) => words.length !== 1)).toEqual([]);
    const bySession = Map.groupBy(stage.model.requests, ({ sessionId }) => sessionId);
    const words = [...bySession].map(([, asked]) => new Set(asked.flatMap((one) => [...wordsIn(one)])));
    expect(words.filter(({ size }) => size > 1)).toEqual([]);
  });

  it("have on the ledger what the model has answered, once", async () => {
    for (const { company, agents } of companies) {
      const answered = agents.map(({ id, name }) => {
        const own = `word-${company.name}-${name}-`.toLowerCase();
        const asked = stage.model.requests.filter((one) => [...wordsIn(one)].some((word) => word.startsWith(own)));
        return [id, asked.filter(({ role }) => role === "main").length * OUTPUT_TOKENS];
      });
      // Paperclip enters it after the run has ended.
      await expect.poll(() => ledgerOf(company), { timeout: 30_000 }).toEqual(Object.fromEntries(answered));
    }
  });

  it("leave nothing in the cluster", async () => {
    await until("no Job and no Secret is left", async () => {
      return jobNames(stage).length === 0 && secretsOf(stage).length === 0;
    });
  });
});

const isAtSecondStep = (marks: string): boolean => marks.includes("second");
