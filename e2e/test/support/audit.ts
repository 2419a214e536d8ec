/** What must hold of a task once all are done, whichever servers died meanwhile. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { PaperclipApi } from "../../host/api.ts";
import { type Issue, isOver, type Json, type Run, type RunStatus } from "../../host/records.ts";
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
  const jobs = [...(history.jobs.get(issue.id) ?? [])];
  must(jobs.length === 1, `${jobs.length} Jobs were made`);
  must(history.pods.get(issue.id)?.size === 1, `${history.pods.get(issue.id)?.size ?? 0} pods were made`);
  must(history.atOnce.get(issue.id) === 1, `${history.atOnce.get(issue.id) ?? 0} agents ran at once`);
  const done = runs.filter((run) => run.status === "succeeded");
  must(done.length === 1, `${done.length} of its ${runs.length} runs succeeded`);
  for (const run of runs) {
    const name = `run ${run.id}`;
    const isLost = run.status === "failed" && run.errorCode === "process_lost";
    must(run.status === "succeeded" || isLost, `${name} ended as ${run.status}: ${run.errorCode} ${run.error}`);
    must(isOver(run) && verdicts.get(run.id)?.size === 1, `${name} ended as ${[...(verdicts.get(run.id) ?? [])]}`);
    const page = (await api.log(run.id)).map(({ chunk }) => chunk).join("");
    const most = run.status === "succeeded" ? 1 : 0;
    for (const words of ONCE) {
      const times = page.match(words)?.length ?? 0;
      must(times <= 1 && times >= most, `${name} shows ${words.source} ${times} times`);
    }
  }
  // Lists do not have the result.
  for (const { id } of done)
    for (const what of await faultsOf(await api.run(id), jobs)) must(false, `run ${id}: ${what}`);
  return wrong;
}

async function faultsOf({ resultJson }: Run, jobs: readonly string[]): Promise<string[]> {
  const { verdict, job, transcript } = (resultJson ?? {}) as { verdict?: string; job?: Json; transcript?: Json };
  const wrong: string[] = [];
  if (verdict !== "completed") wrong.push(`its verdict is ${verdict}`);
  if (job?.uid !== jobs[0]) wrong.push("its Job is another one");
  if (transcript?.complete !== true) return [...wrong, `its transcript is ${JSON.stringify(transcript)}`];
  const bytes = await readFile(String(transcript.file));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== transcript.sha256) wrong.push("its transcript's file is not what was proven");
  // Each has an id of its own, so none is like another.
  const lines = bytes.toString().split("\n").filter(Boolean);
  if (new Set(lines).size !== lines.length) wrong.push("a line is in its transcript twice");
  return wrong;
}
