/** Every status by which each run of a company was ever over, as far as somebody who looks all the time can see. */
import type { PaperclipApi } from "../../host/api.ts";
import { isOver, type Run, type RunStatus } from "../../host/records.ts";
import { until } from "../../host/until.ts";

/** Milliseconds. */
const LOOK_EVERY = 500;

export interface Verdicts {
  /** By the run's id. */
  readonly of: ReadonlyMap<string, ReadonlySet<RunStatus>>;
  end(): Promise<void>;
}

export const runsOfCompany = (api: PaperclipApi, companyId: string): Promise<readonly Run[]> =>
  api.get(`/companies/${companyId}/heartbeat-runs?limit=200`);

export function watchVerdicts(api: PaperclipApi, companyId: string): Verdicts {
  const seen = new Map<string, Set<RunStatus>>();
  let ended = false;
  const look = async (): Promise<boolean> => {
    // While a server is killed nobody may answer.
    const runs = await runsOfCompany(api, companyId).catch(() => []);
    for (const { id, status } of runs.filter(isOver)) seen.set(id, (seen.get(id) ?? new Set()).add(status));
    return ended;
  };
  const looking = until("the end", look, { within: Number.POSITIVE_INFINITY, every: LOOK_EVERY });
  return {
    of: seen,
    async end() {
      ended = true;
      await looking;
    },
  };
}
