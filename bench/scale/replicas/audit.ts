/** What must hold of every task once all are done, whichever servers died meanwhile. */
import type { RunRecord } from "./paperclip.ts";
import type { Delivered } from "./servers.ts";
import type { TaskSeen } from "./witness.ts";

export interface TaskToAudit {
  readonly taskId: string;
  /** That its agent prints. */
  readonly lines: number;
  readonly runs: readonly RunRecord[];
  readonly seen: TaskSeen | undefined;
  readonly deliveredOf: (runId: string) => Delivered | undefined;
}

/** What does not hold, in sentences. */
export function audit({ taskId, lines, runs, seen, deliveredOf }: TaskToAudit): string[] {
  const wrong: string[] = [];
  const must = (holds: boolean, what: string): void => {
    if (!holds) wrong.push(`${taskId}: ${what}`);
  };
  must(seen?.jobs.size === 1, `${seen?.jobs.size ?? 0} Jobs were made`);
  must(seen?.pods.size === 1, `${seen?.pods.size ?? 0} pods were made`);
  must(seen?.atOnce === 1, `${seen?.atOnce ?? 0} agents ran at once`);
  const done = runs.filter(({ status }) => status === "succeeded");
  must(done.length === 1, `${done.length} of its ${runs.length} runs succeeded`);
  for (const run of runs) {
    const { id, status, results, lostAt, why } = run;
    must(!["queued", "running"].includes(status), `run ${id} has no verdict`);
    must(results === (lostAt === null ? 1 : 0), `run ${id} (${status}) has ${results} results`);
    must(lostAt !== null || status === "succeeded", `run ${id} was not lost and ended as ${status}: ${why}`);
  }
  for (const { id, resultJson } of done) {
    const { verdict, transcript } = (resultJson ?? {}) as { verdict?: string; transcript?: { complete?: boolean } };
    const delivered = deliveredOf(id);
    must(
      verdict === "completed" && transcript?.complete === true,
      `run ${id}: ${verdict}, its transcript not complete`,
    );
    must(delivered?.lines === lines, `run ${id} delivered ${delivered?.lines} of ${lines} lines`);
    must(delivered?.wrong === 0, `run ${id} delivered ${delivered?.wrong} lines twice or out of order`);
  }
  return wrong;
}
