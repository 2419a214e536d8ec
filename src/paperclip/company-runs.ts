/** The runs of one company in this process, and what Paperclip says of them. */
import { listRuns } from "./run-list.ts";
import { createRunStatusReader, isCancelled } from "./run-status.ts";

export interface PolledRun {
  /** Address of Paperclip's API as this process reaches it. */
  readonly url: string;
  readonly companyId: string;
  readonly runId: string;
  /** The run's own token, which may read the runs of its company. */
  readonly token: string;
  /** Called once, with the status: `cancelled` or `cancelling`. The run is not polled any more then. */
  readonly onCancelled: (status: string) => void;
  /** Called once, when Paperclip accepts neither this run's token nor one of another run of its company. */
  readonly onDenied: (why: string) => void;
}

export interface PollState {
  readonly run: PolledRun;
  /** When its record was last read by itself, milliseconds since 1970; 0 = never. */
  readAt: number;
  denialTold: boolean;
}

export interface CompanyRunsOptions {
  readonly url: string;
  readonly companyId: string;
  readonly now: () => number;
  /** Milliseconds from one round to the next: the first back-off. */
  readonly roundMs: number;
  /** Milliseconds for one answer. */
  readonly timeoutMs: number;
}

/** Milliseconds between rounds at most, while Paperclip is away. */
const LONGEST_BACKOFF_MS = 60_000;
/** Milliseconds for which a token that was denied, or a list that is absent, is not asked for again. */
const DENIED_FOR_MS = 600_000;
/** Tokens that are tried in a round when one is denied. */
const TOKENS_A_ROUND = 3;
/** Runs on a page: other runs of the company may be newer than ours. Paperclip gives 1000 at most. */
const PAGE = { least: 50, perRun: 2, most: 1000 };

export class CompanyRuns {
  readonly #options: CompanyRunsOptions;
  readonly #runs = new Set<PollState>();
  readonly #mayNotList: Denials;
  readonly #mayNotRead: Denials;
  #denial = "";
  #listAbsentUntil = 0;
  #failures = 0;
  #notBefore = 0;

  constructor(options: CompanyRunsOptions) {
    this.#options = options;
    this.#mayNotList = new Denials(options.now);
    this.#mayNotRead = new Denials(options.now);
  }

  get size(): number {
    return this.#runs.size;
  }

  /** Returns how to take it away. */
  add(run: PolledRun): () => void {
    const state = { run, readAt: 0, denialTold: false };
    this.#runs.add(state);
    return () => this.#runs.delete(state);
  }

  /** Asks for all at once. Resolves with the runs that have to be read by themselves. Never rejects. */
  async list(signal: AbortSignal): Promise<readonly PollState[]> {
    const { now, url, companyId, timeoutMs } = this.#options;
    if (now() < this.#notBefore) return [];
    if (now() < this.#listAbsentUntil) return [...this.#runs];
    const { least, perRun, most } = PAGE;
    const limit = Math.min(most, Math.max(least, perRun * this.#runs.size));
    for (const token of this.#tokens(this.#mayNotList).slice(0, TOKENS_A_ROUND)) {
      const list = await listRuns({ url, companyId, token, limit, timeoutMs, signal });
      if (list.kind === "listed") return this.#take(list.statuses);
      if (list.kind === "unreadable") {
        if (!signal.aborted) this.#fail();
        return [];
      }
      if (list.kind === "denied") this.#mayNotList.add(token);
      else {
        this.#listAbsentUntil = now() + DENIED_FOR_MS;
        break;
      }
    }
    return [...this.#runs];
  }

  /** Reads one run's own record. Never rejects. */
  async read(state: PollState, signal: AbortSignal): Promise<void> {
    const { now, timeoutMs } = this.#options;
    const { run } = state;
    const own = this.#mayNotRead.has(run.token) ? undefined : run.token;
    const token = own ?? this.#tokens(this.#mayNotRead)[0];
    state.readAt = now();
    if (token === undefined) return this.#tellDenial(state);
    const status = await createRunStatusReader({ url: run.url, token, timeoutMs })(run.runId, signal);
    if (signal.aborted) return;
    if (status.kind !== "unreadable") {
      this.#failures = 0;
      if ("status" in status) this.#heed(state, status.status);
    } else if (status.denied) {
      this.#mayNotRead.add(token);
      this.#denial = status.why;
      if (this.#tokens(this.#mayNotRead).length === 0) this.#tellDenial(state);
    } else this.#fail();
  }

  #take(statuses: ReadonlyMap<string, string>): readonly PollState[] {
    this.#failures = 0;
    const missing: PollState[] = [];
    for (const state of [...this.#runs]) {
      const status = statuses.get(state.run.runId);
      if (status === undefined) missing.push(state);
      else this.#heed(state, status);
    }
    return missing;
  }

  #heed(state: PollState, status: string): void {
    if (isCancelled(status) && this.#runs.delete(state)) state.run.onCancelled(status);
  }

  /** Tokens of the runs, newest run first: an old run's may have expired. */
  #tokens(denials: Denials): string[] {
    const all = [...new Set([...this.#runs].map(({ run }) => run.token))];
    return all.reverse().filter((token) => !denials.has(token));
  }

  #tellDenial(state: PollState): void {
    if (state.denialTold) return;
    state.denialTold = true;
    state.run.onDenied(this.#denial);
  }

  /** Paperclip is away: it is asked less and less often. */
  #fail(): void {
    const { now, roundMs } = this.#options;
    const wait = Math.min(LONGEST_BACKOFF_MS, roundMs * 2 ** this.#failures++);
    this.#notBefore = now() + wait;
  }
}

/** Tokens that Paperclip denied something, each for a while: a denial may be a passing one. */
class Denials {
  readonly #now: () => number;
  readonly #until = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  add(token: string): void {
    for (const [old, until] of this.#until) if (until <= this.#now()) this.#until.delete(old);
    this.#until.set(token, this.#now() + DENIED_FOR_MS);
  }

  has(token: string): boolean {
    return (this.#until.get(token) ?? 0) > this.#now();
  }
}
