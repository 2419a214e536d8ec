import type { DescribedRun } from "../../operate/run/describe-run.ts";
import { age, shortId } from "../terminal/age.ts";
import { table } from "../terminal/table.ts";

/** A head, and a line for each run; more where a reason is wrapped. Columns that say the same of all are left out. */
export function runsTable(
  runs: readonly DescribedRun[],
  now: number,
  stdout: Pick<NodeJS.WriteStream, "isTTY" | "columns">,
): string[] {
  const several = (of: (run: DescribedRun) => string | null): boolean => new Set(runs.map(of)).size > 1;
  const columns: readonly (readonly [string, (run: DescribedRun) => string])[] = [
    ...(several(({ instance }) => instance)
      ? [["PAPERCLIP", ({ instance }: DescribedRun) => instance ?? "-"] as const]
      : []),
    ...(several(({ namespace }) => namespace)
      ? [["NAMESPACE", ({ namespace }: DescribedRun) => namespace] as const]
      : []),
    ["AGENT", ({ agent }) => agent.name ?? shortId(agent.id)],
    ["TASK", ({ task }) => (task === null ? "-" : shortId(task))],
    ["RUN", ({ run, probe }) => (probe ? "(test)" : run === null ? "-" : shortId(run))],
    ["PHASE", ({ phase }) => phase],
    ["AGE", ({ created }) => age(created, now)],
    ["NODE", ({ node }) => node ?? "-"],
    ["WHY", ({ why }) => why ?? ""],
  ];
  const rows = runs.map((run) => columns.map(([, cell]) => cell(run)));
  return table([columns.map(([head]) => head), ...rows], stdout.isTTY ? stdout.columns || 80 : null);
}
