/**
 * Which Jobs need no question in this round. Most are those of the other servers' living runs, and all servers look at all
 * of them: asked about one by one, each costs three requests, of every server, in every round. One list of a company's runs
 * tells of all that are alive.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { Installation } from "../../paperclip/installation.ts";
import { listRuns } from "../../paperclip/run-list.ts";
import { isOver, type RunStatus } from "../../paperclip/run-status.ts";
import type { Dependencies } from "../shared/dependencies.ts";
import { isJobSigned } from "../shared/job-signature.ts";
import { isAgentUnknown, runIdOf, stateOf } from "../shared/job-state.ts";
import { LABELS } from "../shared/names.ts";
import { decideAction } from "./action.ts";
import { readMark } from "./wake/woken-mark.ts";

export interface GlanceOptions {
  readonly installation: Installation;
  readonly paperclipUrl: Dependencies["paperclipUrl"];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** All that were found. */
  readonly jobs: readonly Job[];
  readonly signal: AbortSignal;
}

/** How this process reads the runs of a company. */
interface Company {
  /** Paperclip has taken it before. */
  readonly token: string;
  /** When this Paperclip is asked for a list again, milliseconds since 1970: it had none. */
  readonly notBefore: number;
  /** Runs on the last page; 0: none was asked for. */
  readonly page: number;
  /** Living runs of Jobs that were not on it. */
  readonly missed: number;
}

/** Of this process. Address of Paperclip and id of the company → how it is read. */
const companies = new Map<string, Company>();
const MAX_COMPANIES = 1000;
/** Milliseconds for which a list that is absent is not asked for again. */
const ABSENT_FOR_MS = 10 * 60_000;
const TIMEOUT_MS = 10_000;
/**
 * Runs on a page: others of the company may be newer than those with a Job. Paperclip gives 1000 at most. A page of twice
 * that many is cheaper than the records of every eighth: a run is about 1.2 KB on a page, and 8 KB by itself (measured).
 */
const PAGE = { least: 50, perJob: 2, most: 1000, isShortFrom: 1 / 8 };
/** Milliseconds that the run which was asked for has to take over its Job, before anybody looks again. */
const ASKED_FOR_MS = 30_000;

type Statuses = ReadonlyMap<string, string>;

/** Of one round. */
export class Glance {
  readonly #options: GlanceOptions;
  readonly #lists = new Map<string, Promise<Statuses | null>>();
  /** Companies of which there is a list. */
  readonly #listed = new Set<string>();
  /** Runs that these lists have. */
  readonly #shown = new Set<string>();

  constructor(options: GlanceOptions) {
    this.#options = options;
  }

  /** This process cannot read the runs of any company yet. */
  get isBlind(): boolean {
    return companies.size === 0;
  }

  /** Nothing is to be done with the Job: its run is alive, or its next run has just been asked for. Never rejects. */
  async isSettled(job: Job): Promise<boolean> {
    const { installation, now } = this.#options;
    const runId = runIdOf(job);
    // What only looks like a Job of ours is judged, so that the operator is told of it.
    const isPlain = !["leaving", "collected"].includes(stateOf(job)) && !isAgentUnknown(job);
    if (!runId || !isPlain || !isJobSigned(job, installation)) return false;
    const status = (await this.#statuses(job))?.get(runId);
    if (status === undefined) return false;
    if (isOver(status) && !isJustAsked(job, runId, now())) return false;
    const known: RunStatus = isOver(status) ? { kind: "over", status, reported: null } : { kind: "alive", status };
    return decideAction(job, known, now()).kind === "none";
  }

  /** What a Job has shown that has proven to be ours: Paperclip has taken its token, and said how its run is. */
  learn(job: Job, { url, token }: { readonly url: string; readonly token: string }, { kind }: RunStatus): void {
    if (kind === "unreadable") return;
    const key = keyOf(url, companyOf(job));
    const { notBefore = 0, page = 0, missed = 0 } = companies.get(key) ?? {};
    const [oldest] = companies.keys();
    if (companies.size >= MAX_COMPANIES && oldest !== undefined) companies.delete(oldest);
    const isMissed = kind === "alive" && this.#listed.has(key) && !this.#shown.has(runIdOf(job) ?? "");
    companies.set(key, { token, notBefore, page, missed: isMissed ? missed + 1 : missed });
  }

  #statuses(job: Job): Promise<Statuses | null> | null {
    const companyId = companyOf(job);
    const url = this.#options.paperclipUrl({ id: job.metadata?.labels?.[LABELS.agentId] ?? "", companyId });
    const key = keyOf(url ?? "", companyId);
    const company = companies.get(key);
    if (!url || !company || company.notBefore > this.#options.now()) return null;
    const list = this.#lists.get(key) ?? this.#list(url, companyId, company);
    this.#lists.set(key, list);
    return list;
  }

  async #list(url: string, companyId: string, company: Company): Promise<Statuses | null> {
    const { jobs, now, signal } = this.#options;
    const key = keyOf(url, companyId);
    const { token } = company;
    const limit = pageFor(company, jobs.filter((job) => companyOf(job) === companyId).length);
    companies.set(key, { ...company, page: limit, missed: 0 });
    const list = await listRuns({ url, companyId, token, limit, timeoutMs: TIMEOUT_MS, signal });
    if (list.kind === "listed") {
      this.#listed.add(key);
      for (const runId of list.statuses.keys()) this.#shown.add(runId);
    }
    if (list.kind === "absent") companies.set(key, { ...company, notBefore: now() + ABSENT_FOR_MS });
    // It has expired, or its agent is gone: the next Job that is judged brings another.
    if (list.kind === "denied") companies.delete(key);
    return list.kind === "listed" ? list.statuses : null;
  }
}

function pageFor({ page, missed }: Company, jobs: number): number {
  const { least, perJob, most, isShortFrom } = PAGE;
  const longer = missed > page * isShortFrom ? 2 * page : page;
  return Math.min(most, Math.max(least, perJob * jobs, longer));
}

function isJustAsked(job: Job, runId: string, now: number): boolean {
  const mark = readMark(job);
  return mark?.run === runId && now - mark.at < ASKED_FOR_MS;
}

const companyOf = (job: Job): string => job.metadata?.labels?.[LABELS.companyId] ?? "";

const keyOf = (url: string, companyId: string): string => JSON.stringify([url, companyId]);
