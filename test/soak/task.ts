/** One task of one agent: woken, perhaps killed with its host and woken again, perhaps cancelled; then judged. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { AdapterExecutionResult } from "@paperclipai/adapter-utils";
import { jobs, pods } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { freshId, settingsOf } from "../cluster/support/context.ts";
import type { Place } from "../cluster/support/place.ts";
import { INIT, RESULT } from "../cluster/support/run.ts";
import type { Hosts } from "./hosts.ts";
import type { Dice } from "./random.ts";

export interface TaskOutcome {
  /** How it ended, for the statistics. */
  readonly ended: string;
  /** Runs that it took. */
  readonly runs: number;
  /** The task, where its last run was cancelled before it could take over what a lost one had left. */
  readonly givenUp?: string;
  /** What must never happen, and did. */
  readonly violations: readonly string[];
  /** What is told as it is, and happens only where the cluster or the machine does not keep up. */
  readonly shortfalls: readonly string[];
}

interface Plan {
  readonly lines: number;
  readonly fails: boolean;
  /** Milliseconds after which somebody presses Stop; null = nobody. */
  readonly cancelAfter: number | null;
  /** The Stop is written into the run's record alone, as when another server takes it; the agent works until it is read. */
  readonly byRecord: boolean;
}

/** Woken so often, an agent whose hosts all die gives the chaos its due. */
const MAX_RUNS = 50;

export async function doTask(
  place: Place,
  hosts: Hosts,
  dice: Dice,
  folder: string,
  agentId: string,
): Promise<TaskOutcome> {
  const byRecord = dice.chance(0.05);
  const plan: Plan = {
    lines: dice.between(0, 120),
    fails: dice.chance(0.15),
    cancelAfter: byRecord || dice.chance(0.15) ? dice.between(0, 2500) : null,
    byRecord,
  };
  const taskId = `task-${freshId()}`;
  const diary = join(folder, taskId);
  const agent = program(plan, diary, join(folder, `${agentId}-${taskId}.lock`));
  let previous: string | null = null;
  for (let runs = 1; runs <= MAX_RUNS; runs++) {
    const runId = `run-${freshId()}`;
    const wake = { taskId, ...(previous !== null && dice.chance(0.5) ? { retryOfRunId: previous } : {}) };
    const { paperclip } = place;
    const host = hosts.pick();
    paperclip.set(runId, "running");
    const settings = settingsOf(place, { runId, agentId, agent, wake });
    let isStopped = false;
    const cancel = (): void => {
      isStopped = true;
      if (plan.byRecord) paperclip.set(runId, "cancelled");
      else host.cancel(runId, "Cancelled by a board operator");
    };
    const stop = setTimeout(cancel, plan.cancelAfter ?? 2 ** 30);
    const result = await host.execute(settings, paperclip.url).catch(() => null);
    clearTimeout(stop);
    // An honest "I cannot know, so I do not start": the host wakes the agent again.
    const refused = result !== null && (await isHonestRefusal(result, diary));
    if (result && refused) place.paperclip.ended(runId, result);
    else if (result) {
      paperclip.ended(runId, result);
      const { violations, shortfalls } = await judge(plan, result, host.stdout(runId), diary);
      const all = violations.length + shortfalls.length;
      const state = all === 0 ? "" : await clusterState(place, agentId, taskId);
      const shown = (what: string): string => `${runId}: ${what}; ${state}`;
      return {
        ended: result.errorCode ?? "completed",
        runs,
        ...(result.errorCode === "cancelled" && runs > 1 ? { givenUp: taskId } : {}),
        violations: violations.map(shown),
        shortfalls: shortfalls.map(shown),
      };
    }
    // Paperclip has a Stop on record before it asks its host for it (`executionCancellation: requested`), and obeys it again.
    if (!result && isStopped) paperclip.set(runId, "cancelled");
    // The host is dead; Paperclip finds out, unless somebody has cancelled the run already.
    if (!result && paperclip.status(runId) === "running") paperclip.set(runId, dice.pick(["failed", "interrupted"]));
    if (!result && paperclip.status(runId) === "cancelled")
      return {
        ...{ ended: "cancelled, its host killed", runs, violations: [], shortfalls: [] },
        ...(runs > 1 ? { givenUp: taskId } : {}),
      };
    previous = runId;
  }
  const never = `${taskId} was not done in ${MAX_RUNS} runs`;
  return { ended: "never", runs: MAX_RUNS, violations: [never], shortfalls: [] };
}

/** The run could not begin, says so, and is right: nothing of this task's agent ever worked. */
async function isHonestRefusal(
  { errorCode, errorMessage, executionRecovery }: AdapterExecutionResult,
  diary: string,
): Promise<boolean> {
  if (errorCode === "k8s_concurrency_guard_unreachable") return true;
  // A machine that is starved takes its time to read a file.
  if (errorCode === "k8s_kubeconfig_invalid" && errorMessage?.includes("in time")) return true;
  if (errorCode === "cancelled" || executionRecovery?.kind !== "bootstrap") return false;
  return (await readFile(diary, "utf8").catch(() => "")) === "";
}

/** Writes down what it really does, and whether another one of the same agent does something at the same time. */
function program({ lines, fails, byRecord }: Plan, diary: string, lock: string): string {
  const end = fails ? "exit 3" : `${RESULT}; exit 0`;
  return [
    // A second SIGTERM must not end the trap half-way: the diary is the truth that results are held against.
    `trap 'code=$?; trap "" TERM; rmdir ${lock}; echo "exit $code" >> ${diary}' EXIT; trap 'exit 143' TERM`,
    `mkdir ${lock} || echo double >> ${diary}`,
    `echo started >> ${diary}`,
    `cat >/dev/null; ${INIT}`,
    `i=0; while [ $i -lt ${lines} ]; do echo '{"type":"assistant","line":'$i'}'; i=$((i+1)); [ $((i % 5)) -ne 0 ] || sleep 0.1; done`,
    // Its Stop is read within ten seconds; one that never comes must not hold the soak up.
    ...(byRecord ? ["i=0; while [ $i -lt 300 ]; do sleep 0.2; i=$((i+1)); done"] : []),
    end,
  ].join("\n");
}

/** What the cluster has of the task at this moment, for who looks for the cause of a violation. */
async function clusterState({ admin, namespace }: Place, agentId: string, taskId: string): Promise<string> {
  const query = { labelSelector: `${LABELS.agentId}=${agentId},${LABELS.taskId}=${taskId}` };
  const [ownJobs, ownPods] = await Promise.all([
    admin.list(jobs, namespace, query),
    admin.list(pods, namespace, query),
  ]);
  return `now ${new Date().toISOString()}: ${JSON.stringify(
    [...ownJobs.items, ...ownPods.items].map(({ metadata, spec, status }) => ({
      ...{ name: metadata.name, version: metadata.resourceVersion, born: metadata.creationTimestamp },
      ...{ annotations: metadata.annotations, deleted: metadata.deletionTimestamp, finalizers: metadata.finalizers },
      ...{ suspend: (spec as { suspend?: boolean }).suspend, status },
    })),
  )}`;
}

async function judge(
  plan: Plan,
  result: AdapterExecutionResult,
  stdout: string,
  diary: string,
): Promise<Pick<TaskOutcome, "violations" | "shortfalls">> {
  const truth = (await readFile(diary, "utf8").catch(() => "")).trim().split("\n").filter(Boolean);
  const violations: string[] = [];
  const shortfalls: string[] = [];
  const must = (holds: boolean, what: string, list = violations): void => {
    if (!holds)
      list.push(
        `${what}; ${result.errorCode}: ${result.errorMessage?.split("\n")[0]}; diary: ${truth.join(", ")}; evidence: ${JSON.stringify(result.resultJson?.evidence)}; transcript: ${JSON.stringify(result.resultJson?.transcript)}`,
      );
  };
  must(!truth.includes("double"), "two agents ran at the same time");
  must(truth.filter((word) => word === "started").length <= 1, "the task was done more than once");
  const numbers = [...stdout.matchAll(/"line":(\d+)/g)].map(([, number]) => Number(number));
  must(
    numbers.every((number, index) => number === index),
    `lines lost, repeated or out of order: ${numbers.join(" ")}`,
  );
  const last = truth.at(-1);
  const { transcript, executionCancellation } = (result.resultJson ?? {}) as {
    transcript?: { complete: boolean; unread?: string };
    executionCancellation?: object;
  };
  // Lines may be missing where that is said; here the log stays until the run has read it.
  const admitted = transcript?.complete === false ? shortfalls : violations;
  if (result.errorCode === null) {
    must(last === "exit 0" && !plan.fails, "called completed, and was not");
    must(numbers.length === plan.lines, `completed with ${numbers.length} of ${plan.lines} lines`, admitted);
    must(result.costUsd === 0.25, "completed without its bill");
  } else if (result.errorCode === "cancelled") {
    must(plan.cancelAfter !== null, "called cancelled, and nobody did");
    // The host is told that the agent has ended by this; without it "nobody has seen its pod end yet".
    const unproven = executionCancellation === undefined ? shortfalls : violations;
    must(last === undefined || last.startsWith("exit"), "called cancelled while its agent runs", unproven);
  } else {
    must(plan.fails && last === "exit 3" && result.exitCode === 3, "failed for no reason of its own");
    must(numbers.length === plan.lines, `ended with ${numbers.length} of ${plan.lines} lines`, admitted);
  }
  await rm(diary, { force: true });
  return { violations, shortfalls };
}
