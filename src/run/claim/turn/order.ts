/**
 * Whose turn it is where the operator bounds how many Jobs run at once (`limits.jobs`). Pure.
 *
 * The order of arrival only says who tries next; it rests on watches, which may be late. That no more Jobs run than the
 * bound rests on reservations: a candidate annotates itself, lists the Jobs after that, and is unsuspended only if its
 * list shows fewer others that run or have reserved than the bound, with a write that holds only for the Job with that
 * reservation. Of any that run, the one that reserved last saw all others. Candidates that reserve at once do not block
 * each other for good: the earliest of them waits, the latest releases.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { Pod } from "kubernetes-types/core/v1";
import type { Policy } from "../../../policy/policy.ts";
import { hasPods, stateOf } from "../../shared/job-state.ts";
import { ANNOTATIONS, LABELS } from "../../shared/names.ts";
import { hasAgentEnded } from "../../shared/unknown-agent.ts";

/** How many Jobs may run at once, by rule. */
export type JobsAtOnce = Policy["limits"]["jobs"];
export type TurnRule = "perAgent" | "perCompany" | "perNamespace";

type Labels = Readonly<Record<string, string>>;

/** What a rule counts together: the value of that label, or all. */
const SCOPES: Readonly<Record<TurnRule, (labels: Labels) => string>> = {
  perAgent: (labels) => labels[LABELS.agentId] ?? "",
  perCompany: (labels) => labels[LABELS.companyId] ?? "",
  perNamespace: () => "",
};
const RULES = Object.keys(SCOPES) as TurnRule[];

export const isBounded = (bounds: JobsAtOnce): boolean => RULES.some((rule) => bounds[rule] !== undefined);

/** The Jobs of a namespace, by what they are to a bound. */
export interface JobsSeen {
  /** Labels of what runs, or may: an unsuspended Job, and one whose pod has not ended. By the Job's uid. */
  readonly running: ReadonlyMap<string, Labels>;
  /** Candidates, in the order of their arrival; those that have reserved too. */
  readonly candidates: readonly Job[];
}

/** @param jobs as `withPods` shows them */
export function jobsSeen(jobs: readonly Job[], pods: readonly Pod[]): JobsSeen {
  const states = new Map(jobs.map((job) => [uidOf(job), stateOf(job)]));
  const running = new Map<string, Labels>();
  for (const job of jobs) {
    const state = stateOf(job);
    if (state === "started" || (state === "stopped" && hasPods(job))) running.set(uidOf(job), labelsOf(job));
  }
  // A deleted Job is gone at once, its pod only after its grace.
  for (const pod of pods) {
    const owner = pod.metadata?.ownerReferences?.find(({ kind }) => kind === "Job")?.uid ?? pod.metadata?.uid ?? "";
    if (!hasAgentEnded(pod) && states.get(owner) !== "collected") running.set(owner, labelsOf(pod));
  }
  return { running, candidates: jobs.filter((job) => stateOf(job) === "candidate").toSorted(byArrival) };
}

export const uidOf = (job: Job): string => job.metadata?.uid ?? "";
const labelsOf = ({ metadata }: Job | Pod): Labels => metadata?.labels ?? {};

export const reservationOf = (job: Job): string | null => job.metadata?.annotations?.[ANNOTATIONS.reserved] ?? null;

/** By the cluster's clock: when the Job was created, or that of the run which it continues. */
export const arrivalOf = ({ metadata }: Job): string =>
  metadata?.annotations?.[ANNOTATIONS.queued] ?? metadata?.creationTimestamp ?? "";

const byArrival = (a: Job, b: Job): number =>
  arrivalOf(a).localeCompare(arrivalOf(b)) || (uidOf(a) < uidOf(b) ? -1 : uidOf(a) > uidOf(b) ? 1 : 0);

/** A rule that leaves no room. */
export interface FullRule {
  readonly rule: TurnRule;
  readonly max: number;
  /** Jobs that run or are about to. */
  readonly taken: number;
}

export type Turn = {
  /** Uids of earlier candidates that have room and have not reserved it: they do so at once, or their process is gone. */
  readonly expected: readonly string[];
} & (
  | { readonly kind: "next" }
  | {
      readonly kind: "wait";
      readonly full: FullRule;
      /** Candidates before this one that the same rule holds back. */
      readonly before: number;
    }
);

/**
 * Everyone in the order of arrival takes a place where all rules have room; whom another rule holds back, holds back
 * nobody else.
 *
 * @param passedOver uids of candidates that had room and did not take it
 */
export function turnOf(me: Job, seen: JobsSeen, bounds: JobsAtOnce, passedOver: ReadonlySet<string>): Turn {
  const places = new Places(bounds, seen.running.values());
  const own = uidOf(me);
  const open: Job[] = [];
  for (const job of seen.candidates) {
    if (uidOf(job) === own) continue;
    if (reservationOf(job) !== null) places.take(labelsOf(job));
    else if (!passedOver.has(uidOf(job)) && byArrival(job, me) < 0) open.push(job);
  }
  const expected: string[] = [];
  const held: Job[] = [];
  for (const job of open) {
    if (places.fullFor(labelsOf(job)) !== null) held.push(job);
    else {
      places.take(labelsOf(job));
      expected.push(uidOf(job));
    }
  }
  const full = places.fullFor(labelsOf(me));
  if (full === null) return { kind: "next", expected };
  const scope = SCOPES[full.rule];
  const before = held.filter((job) => scope(labelsOf(job)) === scope(labelsOf(me))).length;
  return { kind: "wait", full, before, expected };
}

/** Of a candidate that has reserved, from a list that was read after that. */
export function decideReservation(me: Job, seen: JobsSeen, bounds: JobsAtOnce): "start" | "wait" | "release" {
  const places = new Places(bounds, seen.running.values());
  const others = seen.candidates.filter((job) => uidOf(job) !== uidOf(me) && reservationOf(job) !== null);
  for (const job of others) if (byArrival(job, me) < 0) places.take(labelsOf(job));
  if (places.fullFor(labelsOf(me)) !== null) return "release";
  for (const job of others) if (byArrival(job, me) > 0) places.take(labelsOf(job));
  return places.fullFor(labelsOf(me)) === null ? "start" : "wait";
}

class Places {
  readonly #bounds: JobsAtOnce;
  readonly #taken: Readonly<Record<TurnRule, Map<string, number>>> = {
    perAgent: new Map(),
    perCompany: new Map(),
    perNamespace: new Map(),
  };

  constructor(bounds: JobsAtOnce, running: Iterable<Labels>) {
    this.#bounds = bounds;
    for (const labels of running) this.take(labels);
  }

  take(labels: Labels): void {
    for (const rule of RULES) {
      const scope = SCOPES[rule](labels);
      this.#taken[rule].set(scope, (this.#taken[rule].get(scope) ?? 0) + 1);
    }
  }

  /** Null: there is room for it. */
  fullFor(labels: Labels): FullRule | null {
    for (const rule of RULES) {
      const max = this.#bounds[rule];
      const taken = this.#taken[rule].get(SCOPES[rule](labels)) ?? 0;
      if (max !== undefined && taken >= max) return { rule, max, taken };
    }
    return null;
  }
}
