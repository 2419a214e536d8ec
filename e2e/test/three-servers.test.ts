/**
 * Three servers of one Paperclip behind one address. They are killed and replaced while agents work; at the end every task
 * is audited. In the long form alone (TEST_LONG=1): it takes minutes, and on a busy machine Paperclip itself gives tasks second runs.
 */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isLong } from "../../test/support/thoroughness.ts";
import { type Issue, isOver, type Run } from "../host/records.ts";
import { until } from "../host/until.ts";
import { companyScenes } from "../stage/companies.ts";
import { type History, keepHistory } from "../stage/history.ts";
import { SeveralServers } from "../stage/several-servers.ts";
import { jobNames, letGoOn, marksOf, outliveLease } from "../stage/work.ts";
import { audit } from "./support/audit.ts";
import { requestsSince, requestsSoFar, total } from "./support/requests.ts";
import { runsOfCompany, type Verdicts, watchVerdicts } from "./support/verdicts.ts";

/** `quietSec`: for so long requests are counted while all runs live. */
const SIZES = [
  { servers: 3, tasks: 20, kills: 3, quietSec: 60 },
  { servers: 1, tasks: 20, kills: 2, quietSec: 60 },
];
/**
 * The default. At each such tick every server looks for tasks without a run, and where creating a task is slow it gives one a
 * second run beside its first (seen in the real server: up to one more a server). The adapter has the second one wait.
 */
const HEARTBEAT_SCHEDULER_INTERVAL_MS = "30000";
/** Milliseconds: a server's first looks are over. */
const SETTLED_AFTER = 40_000;

describe.skipIf(!isLong).each(SIZES)("$servers servers with $tasks tasks, of which $kills are killed", (size) => {
  let all: SeveralServers;
  let history: History;
  let verdicts: Verdicts;
  let issues: readonly Issue[];
  let companyId: string;
  /** Run → the process that held it when a server was killed. */
  const heldBy = new Map<string, string | null>();

  beforeAll(async () => {
    all = await SeveralServers.open(size.servers, { scenes: companyScenes, env: { HEARTBEAT_SCHEDULER_INTERVAL_MS } });
    companyId = all.stage.company.id;
    history = keepHistory(all.stage);
    verdicts = watchVerdicts(all.api, companyId);
  });
  afterAll(async () => {
    await verdicts?.end();
    history?.end();
    await all?.[Symbol.asyncDispose]();
  });

  const runs = (): Promise<readonly Run[]> => runsOfCompany(all.api, companyId);
  const runsOf = (list: readonly Run[], { id }: Issue): readonly Run[] =>
    list.filter(({ contextSnapshot }) => contextSnapshot?.issueId === id);

  /** Resolves when the runs that this server held may be found lost. */
  async function kill(index: number): Promise<() => Promise<void>> {
    const living = (await runs()).filter(({ status }) => status === "running");
    const records = await Promise.all(living.map(({ id }) => all.api.run(id)));
    for (const { id, controllerBootId } of records) heldBy.set(id, controllerBootId);
    await all.kill(index);
    const leases = records.flatMap(({ controllerLeaseExpiresAt }) => controllerLeaseExpiresAt ?? []);
    return () => outliveLease(leases);
  }

  const looksAfterAJob = async ({ id }: Run): Promise<boolean> =>
    (await all.api.events(id)).some(({ eventType }) => /^k8s\.job\.(created|adopted)$/.test(eventType));

  /** Every run that is told as lost has a next one of its task, which works; each living task is worked on. */
  async function goesOn(of: readonly Issue[]): Promise<void> {
    await until(
      "each task has a run that looks after its Job",
      async () => {
        const living = (await runs()).filter(({ status }) => status === "running");
        const looked = await Promise.all(living.map(async (run) => (await looksAfterAJob(run)) && run));
        return of.every(
          (issue) =>
            runsOf(
              looked.filter((run) => run !== false),
              issue,
            ).length === 1,
        );
      },
      { within: 120_000, every: 1000 },
      async () => (await runs()).map(({ id, status, errorCode }) => [id, status, errorCode].join(" ")),
    );
  }

  /** A run that is lost after its agent has closed the task is continued by nobody: so its result is waited for, too. */
  async function finish(some: readonly Issue[]): Promise<void> {
    await Promise.all(some.map(({ id }) => letGoOn(all.stage, id)));
    await until(
      "the tasks are done, and their runs over",
      async () => {
        const tasks = await Promise.all(some.map(({ id }) => all.api.issue(id)));
        const list = await runs();
        return tasks.every((task) => task.status === "done" && runsOf(list, task).every(isOver));
      },
      { within: 180_000, every: 1000 },
      async () => (await runs()).map(({ id, status, errorCode }) => [id, status, errorCode].join(" ")),
    );
  }

  it("begin, each server some of them, one after the other", async () => {
    const agents = await Promise.all(["Ada", "Bob", "Cyd", "Dan", "Eve"].map((name) => all.stage.agent(name)));
    const begun: Issue[] = [];
    for (let index = 0; index < size.tasks; index++) {
      const agent = agents[index % agents.length];
      const issue = { title: `Task ${index + 1} [scene:held]`, assigneeAgentId: agent?.id ?? "" };
      const created = await all.at(index).api.createIssue(companyId, issue);
      await until("it has a run", async () => runsOf(await runs(), created).length > 0);
      begun.push(created);
    }
    issues = begun;
    await until(
      "each agent is at its second step",
      async () =>
        (await Promise.all(issues.map(({ id }) => marksOf(all.stage, id)))).every((marks) => /second/.test(marks)),
      { within: 240_000, every: 500 },
    );
  }, 300_000);

  it("ask little of the cluster while all runs live", async () => {
    await pause(SETTLED_AFTER);
    const begin = requestsSoFar(all.stage);
    await pause(size.quietSec * 1000);
    const asked = requestsSince(all.stage, begin);
    console.log(`${size.servers} servers, ${size.tasks} living runs, ${size.quietSec} s: ${JSON.stringify(asked)}`);
    expect(total(asked)).toBeLessThanOrEqual(10);
  }, 180_000);

  it("are killed, and every task goes on", async () => {
    const begin = requestsSoFar(all.stage);
    // Replaced at once, its runs are not lost yet: nobody calls them so before their lease is over.
    await kill(0);
    await all.replace(0);
    const over = await kill(1);
    await over();
    await all.replace(1);
    await goesOn(issues);
    const rest = issues.filter((_, index) => index % 3 !== 0);
    await finish(issues.filter((_, index) => index % 3 === 0));
    for (let killed = 2; killed < size.kills; killed++) {
      const overAgain = await kill(killed);
      await overAgain();
      await all.replace(killed);
      await goesOn(rest);
    }
    await finish(rest);
    await until("no Job is left", async () => jobNames(all.stage).length === 0);
    const list = await runs();
    const lost = list.filter(({ errorCode }) => errorCode === "process_lost");
    const asked = requestsSince(all.stage, begin);
    console.log(`${lost.length} runs lost; asked of the cluster ${total(asked)}: ${JSON.stringify(asked)}`);
    const waits = lost.map((run) => {
      const later = list.filter((one) => one.contextSnapshot?.issueId === run.contextSnapshot?.issueId);
      const next = later.findLast(({ createdAt }) => createdAt > run.createdAt);
      return Date.parse(next?.createdAt ?? "") - Date.parse(run.finishedAt ?? "");
    });
    console.log(`milliseconds from loss to next run: ${waits.toSorted((a, b) => a - b)}`);
  }, 600_000);

  it("leave one Job, one pod, one success of each task, and a transcript without a line twice", async () => {
    const list = await runs();
    const wrong = await Promise.all(
      issues.map(async (issue) =>
        audit({
          api: all.api,
          issue,
          runs: runsOf(list, issue),
          marks: await marksOf(all.stage, issue.id),
          history,
          verdicts: verdicts.of,
        }),
      ),
    );
    expect(wrong.flat()).toEqual([]);
    expect(list.length).toBe(issues.flatMap((issue) => runsOf(list, issue)).length);
  });

  it("tell as lost what the killed servers held, and nothing else", async () => {
    const lost = (await runs()).filter(({ status }) => status !== "succeeded");
    const dead = new Set(lost.map(({ id }) => heldBy.get(id)));
    expect(lost.length).toBeGreaterThan(0);
    expect(dead).not.toContain(undefined);
    expect(dead.size).toBeLessThanOrEqual(size.kills);
  });
});
