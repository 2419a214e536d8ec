/**
 * Asks Paperclip whether runs were cancelled, for all runs of this process: one request a round for all runs of a
 * company. What that list does not have is read run by run, within a bound for the whole process.
 */
import { CompanyRuns, type PolledRun, type PollState } from "./company-runs.ts";

export type { PolledRun } from "./company-runs.ts";

export interface CancellationPollerOptions {
  readonly clock: {
    /** Milliseconds since 1970. */
    now(): number;
    /** Rejects with the signal's reason as soon as it aborts. */
    sleep(ms: number, signal?: AbortSignal): Promise<void>;
  };
  /** A number in [0, 1). */
  readonly random: () => number;
  /** Milliseconds for one answer of Paperclip's. @default 5000 */
  readonly timeoutMs?: number;
}

/** From one round to the next, milliseconds, and what chance adds: an operator's Stop is seen within ten seconds. */
const ROUND_MS = 8_000;
const JITTER_MS = 1_500;

/** Records that are read one by one in a round, for all companies together: each costs Paperclip eight queries. */
const READS_A_ROUND = 10;

export class CancellationPoller {
  readonly #options: CancellationPollerOptions;
  readonly #companies = new Map<string, CompanyRuns>();
  #rounds: AbortController | null = null;

  constructor(options: CancellationPollerOptions) {
    this.#options = options;
  }

  /** Polls for this run until the returned function is called. */
  watch(run: PolledRun): () => void {
    const key = JSON.stringify([run.url, run.companyId]);
    const company = this.#companies.get(key) ?? this.#company(run);
    this.#companies.set(key, company);
    const leave = company.add(run);
    this.#start();
    return () => {
      leave();
      if (company.size > 0 || this.#companies.get(key) !== company) return;
      this.#companies.delete(key);
      if (this.#companies.size === 0) this.#rounds?.abort(new Error("no run is left"));
    };
  }

  #company({ url, companyId }: PolledRun): CompanyRuns {
    const { clock, timeoutMs = 5_000 } = this.#options;
    return new CompanyRuns({ url, companyId, now: clock.now, roundMs: ROUND_MS, timeoutMs });
  }

  #start(): void {
    if (this.#rounds && !this.#rounds.signal.aborted) return;
    this.#rounds = new AbortController();
    this.#poll(this.#rounds.signal).catch(() => "no run is left");
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    for (let began = clock.now(); ; ) {
      const next = began + ROUND_MS + random() * JITTER_MS;
      await clock.sleep(Math.max(0, next - clock.now()), signal);
      began = clock.now();
      await this.#round(signal);
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const companies = [...this.#companies.values()];
    const unlisted = await Promise.all(
      companies.map(async (company) => (await company.list(signal)).map((run) => ({ company, run }))),
    );
    const due = unlisted.flat().toSorted((one, other) => byLastRead(one.run, other.run));
    await Promise.all(due.slice(0, READS_A_ROUND).map(({ company, run }) => company.read(run, signal)));
  }
}

const byLastRead = (one: PollState, other: PollState): number => one.readAt - other.readAt;
