/**
 * Tells the host what a run waits for that waits for its turn: once, again every ten minutes, and when it goes on. Nobody
 * waits until it is told: a host that answers slowly must not cost the run its turn.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { Clock } from "../../../kubernetes/clock.ts";
import type { Host } from "../../../paperclip/host.ts";
import type { RunPlan } from "../../plan/plan.ts";
import { nameOf } from "../../shared/job-state.ts";
import { arrivalOf, type Turn, type TurnRule } from "./order.ts";

/** Milliseconds between notices of one wait: Paperclip flags a run that is silent for an hour. */
const NOTIFY_EVERY_MS = 10 * 60_000;

const WHOSE: Readonly<Record<TurnRule, string>> = {
  perAgent: "of this agent",
  perCompany: "of this company",
  perNamespace: "in this namespace",
};

type Waiting = Extract<Turn, { kind: "wait" }>;

export class TurnNotices {
  readonly #clock: Clock;
  readonly #host: Pick<Host, "notice" | "status">;
  readonly #policyPath: string | null;
  #current: { readonly rule: TurnRule; readonly began: number; notifiedAt: number } | null = null;
  /** In their order. */
  #telling = Promise.resolve();

  constructor(clock: Clock, host: Pick<Host, "notice" | "status">, { policyPath }: RunPlan["jobsAtOnce"]) {
    this.#clock = clock;
    this.#host = host;
    this.#policyPath = policyPath;
  }

  waiting(turn: Waiting, job: Job): void {
    const now = this.#clock.now();
    const { rule, max, taken } = turn.full;
    const repeated = this.#current?.rule === rule;
    if (repeated && now - (this.#current?.notifiedAt ?? now) < NOTIFY_EVERY_MS) return;
    this.#current = { rule, began: this.#current?.began ?? now, notifiedAt: now };
    const message = describeTurn(turn, this.#policyPath);
    const payload = {
      job: nameOf(job),
      pod: null,
      runId: null,
      since: arrivalOf(job),
      rule: `limits.jobs.${rule}`,
      max,
      running: taken,
      before: turn.before,
    };
    this.#tell(() => this.#host.notice({ type: "k8s.run.waiting", message, payload }));
    if (!repeated) this.#tell(() => this.#host.status(message));
  }

  granted(): void {
    if (!this.#current) return;
    const seconds = Math.round((this.#clock.now() - this.#current.began) / 1000);
    const message = `Waited ${seconds} s; this run goes on now`;
    this.#tell(() => this.#host.notice({ type: "k8s.run.waited", message, payload: { seconds } }));
  }

  /** The host's callbacks do not reject. */
  #tell(call: () => Promise<void>): void {
    this.#telling = this.#telling.then(call);
  }
}

export function describeTurn({ full: { rule, max, taken }, before }: Waiting, policyPath: string | null): string {
  const jobs = taken === 1 ? `1 Job ${WHOSE[rule]} runs` : `${taken} Jobs ${WHOSE[rule]} run`;
  const line =
    before === 0
      ? ""
      : before === 1
        ? ", and 1 run waits before this one"
        : `, and ${before} runs wait before this one`;
  const where = policyPath === null ? "PAPERCLIP_K8S_POLICY" : `${policyPath}, PAPERCLIP_K8S_POLICY`;
  return `Waiting for a turn: ${jobs}, and the operator's policy allows ${max} at once${line}. The operator of Paperclip can change limits.jobs.${rule} (${where})`;
}
