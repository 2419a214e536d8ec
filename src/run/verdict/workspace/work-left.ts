import type { WorkspaceLeft } from "../../../runner/seal.ts";
import type { Facts } from "../facts.ts";
import { quoting } from "../phrases.ts";

/** What becomes of work that the agent has not pushed. */
export interface WorkLeft {
  readonly sentence: string;
  /** True: it is nowhere any more, or nobody knows. */
  readonly isLost: boolean;
}

/** Null: there is none, or nobody was asked. */
export function workLeft({ seal, evidence }: Facts): WorkLeft | null {
  const left = (seal ?? evidence.seal)?.workspace;
  return left ? describe(left) : null;
}

function describe(left: WorkspaceLeft): WorkLeft | null {
  const where = left.branch ? ` on branch ${left.branch}` : "";
  if (left.unknown !== undefined)
    return left.volatile
      ? {
          sentence: `Whether the agent left work that is not pushed is not known${quoting(left.unknown)}; its clone went with the pod`,
          isLost: true,
        }
      : null;
  const files = counted(left.uncommitted, "file that is not committed", "files that are not committed");
  const commits = counted(left.unpushed, "commit that is not pushed", "commits that are not pushed");
  const what = [files, commits].filter((part) => part !== null).join(" and ");
  if (what === "") return null;
  if (left.savedAs !== undefined)
    return { sentence: `The agent left ${what}${where}: pushed to branch ${left.savedAs}`, isLost: false };
  if (!left.volatile)
    return {
      sentence: `The agent left ${what}${where}, in its workspace, where the next run finds them`,
      isLost: false,
    };
  const why = left.notSaved === undefined ? "" : `, for they could not be pushed${quoting(left.notSaved)}`;
  return { sentence: `The agent left ${what}${where}: they went with the pod${why}`, isLost: true };
}

function counted(count: number | undefined, one: string, many: string): string | null {
  if (!count) return null;
  return `${count} ${count === 1 ? one : many}`;
}
