/** What must hold of a task once all are done, whichever servers died meanwhile. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { PaperclipApi } from "../../host/api.ts";
import { type Issue, isOver, type Json, type Run, type RunEvent, type RunStatus } from "../../host/records.ts";
import type { History } from "../../stage/history.ts";

export interface TaskToAudit {
  readonly api: PaperclipApi;
  readonly issue: Issue;
  /** All of it. */
  readonly runs: readonly Run[];
  /** What its agent has left of its steps. */
  readonly marks: string;
  readonly history: History;
  readonly verdicts: ReadonlyMap<string, ReadonlySet<RunStatus>>;
}

/** What a run shows of its agent, each once. */
const ONCE = [/^● says +First step\.$/gm, /^● says +Now I wait\.$/gm, /^■ result +success/gm];

/** What does not hold, in sentences. */
export async function audit({ api, issue, runs, marks, history, verdicts }: TaskToAudit): Promise<string[]> {
  const wrong: string[] = [];
  const must = (holds: boolean, what: string): void => {
    if (!holds) wrong.push(`${issue.title}: ${what}`);
  };
  const { status } = await api.issue(issue.id);
  must(status === "done", `it is ${status}`);
  const said = (await api.comments(issue.id)).filter(({ body }) => body.startsWith("Hello from my pod"));
  must(said.length === 1, `its agent commented ${said.length} times`);
  must(marks === "first\nsecond\nthird\n", `its agent did ${JSON.stringify(marks)}`);
  const jobs = history.jobs.get(issue.id) ?? new Set();
  const pods = history.pods.get(issue.id)?.size ?? 0;
  // One, unless Paperclip itself asked twice for the new task.
  const first = await Promise.all(runs.map(async ({ id }) => isFirst(await api.events(id))));
  const asked = first.filter(Boolean).length;
  must(asked >= 1 && jobs.size === asked, `${jobs.size} Jobs were made for ${asked} runs`);
  must(pods === jobs.size, `${pods} pods were made for ${jobs.size} Jobs`);
  must(history.atOnce.get(issue.id) === 1, `${history.atOnce.get(issue.id) ?? 0} agents ran at once`);
  const done = runs.filter((run) => run.status === "succeeded");
  must(done.length === asked, `${done.length} of its ${runs.length} runs succeeded, where ${asked} Jobs were made`);
  for (const run of runs) {
    const name = `run ${run.id}`;
    const isLost = run.status === "failed" && run.errorCode === "process_lost";
    must(run.status === "succeeded" || isLost, `${name} ended as ${run.status}: ${run.errorCode} ${run.error}`);
    must(isOver(run) && verdicts.get(run.id)?.size === 1, `${name} ended as ${[...(verdicts.get(run.id) ?? [])]}`);
    const page = (await api.log(run.id)).map(({ chunk }) => chunk).join("");
    for (const words of ONCE) {
      const times = page.match(words)?.length ?? 0;
      const isWhole = run.status !== "succeeded" || asked > 1 || times === 1;
      must(times <= 1 && isWhole, `${name} shows ${words.source} ${times} times`);
    }
  }
  // Lists do not have the result.
  const results = await Promise.all(done.map(({ id }) => api.run(id)));
  for (const run of results) for (const what of await faultsOf(run)) must(false, `run ${run.id}: ${what}`);
  const reported = new Set(results.map(({ resultJson }) => String((resultJson?.job as Json | undefined)?.uid)));
  must(
    [...reported].every((uid) => jobs.has(uid)) && reported.size === done.length,
    "a Job has two successes, or is none of its own",
  );
  return wrong;
}

/** It has created its Job, and not taken over one. */
const isFirst = (events: readonly RunEvent[]): boolean =>
  events.some(({ eventType }) => eventType === "k8s.job.created");

async function faultsOf({ resultJson }: Run): Promise<string[]> {
  const { verdict, transcript } = (resultJson ?? {}) as { verdict?: string; transcript?: Json };
  const wrong: string[] = [];
  if (verdict !== "completed") wrong.push(`its verdict is ${verdict}`);
  if (transcript?.complete !== true) return [...wrong, `its transcript is ${JSON.stringify(transcript)}`];
  const bytes = await readFile(String(transcript.file));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== transcript.sha256) wrong.push("its transcript's file is not what was proven");
  // Each has an id of its own, so none is like another.
  const lines = bytes.toString().split("\n").filter(Boolean);
  if (new Set(lines).size !== lines.length) wrong.push("a line is in its transcript twice");
  return wrong;
}
