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
import { nextPageSize, type PageOfRuns } from "./page-of-runs.ts";
import { readMark } from "./wake/woken-mark.ts";

export interface GlanceOptions {
  readonly installation: Installation;
  readonly paperclipUrl: Dependencies["paperclipUrl"];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Where the Jobs are: each place has its own runs to look for. */
  readonly place: string;
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
  /** Place → the last page that was asked for it. */
  readonly pages: Map<string, PageOfRuns>;
}

/** Of this process. Address of Paperclip and id of the company → how it is read. */
const companies = new Map<string, Company>();
const MAX_COMPANIES = 1000;
/** Milliseconds for which a list that is absent is not asked for again. */
const ABSENT_FOR_MS = 10 * 60_000;
const TIMEOUT_MS = 10_000;
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
    const { notBefore = 0, pages = new Map<string, PageOfRuns>() } = companies.get(key) ?? {};
    const [oldest] = companies.keys();
    if (companies.size >= MAX_COMPANIES && oldest !== undefined) companies.delete(oldest);
    const isMissed = kind === "alive" && this.#listed.has(key) && !this.#shown.has(runIdOf(job) ?? "");
    companies.set(key, { token, notBefore, pages });
    const { place } = this.#options;
    const page = pages.get(place);
    if (isMissed && page) pages.set(place, { ...page, missed: page.missed + 1 });
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
    const { jobs, now, place, signal } = this.#options;
    const key = keyOf(url, companyId);
    const { token, pages } = company;
    const ofCompany = jobs.filter((job) => companyOf(job) === companyId);
    const limit = nextPageSize(pages.get(place), ofCompany.length);
    const list = await listRuns({ url, companyId, token, limit, timeoutMs: TIMEOUT_MS, signal });
    if (list.kind === "listed") {
      this.#listed.add(key);
      remember(pages, place, { size: limit, missed: 0, reach: reachOf(ofCompany, list.statuses) });
      for (const runId of list.statuses.keys()) this.#shown.add(runId);
    }
    if (list.kind === "absent") companies.set(key, { ...company, notBefore: now() + ABSENT_FOR_MS });
    // It has expired, or its agent is gone: the next Job that is judged brings another.
    if (list.kind === "denied") companies.delete(key);
    return list.kind === "listed" ? list.statuses : null;
  }
}

/** The place on the page of the oldest living run of these Jobs, from 1; 0: there is none. */
function reachOf(jobs: readonly Job[], statuses: Statuses): number {
  const runs = new Set(jobs.map(runIdOf));
  return [...statuses].findLastIndex(([runId, status]) => runs.has(runId) && !isOver(status)) + 1;
}

/** The newest ones: a policy may name other places than before. */
const MAX_PLACES = 100;

function remember(pages: Map<string, PageOfRuns>, place: string, page: PageOfRuns): void {
  pages.delete(place);
  const [oldest] = pages.keys();
  if (pages.size >= MAX_PLACES && oldest !== undefined) pages.delete(oldest);
  pages.set(place, page);
}

function isJustAsked(job: Job, runId: string, now: number): boolean {
  const mark = readMark(job);
  return mark?.run === runId && now - mark.at < ASKED_FOR_MS;
}

const companyOf = (job: Job): string => job.metadata?.labels?.[LABELS.companyId] ?? "";

const keyOf = (url: string, companyId: string): string => JSON.stringify([url, companyId]);
