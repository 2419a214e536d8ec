/** One look of an operator: where to look, whose runs they are, and which one is meant. */
import { type Installation, installationNamed } from "../../paperclip/installation.ts";
import { nameOf, runIdOf, stateOf, taskIdOf } from "../../run/shared/job-state.ts";
import { findRun } from "./find-run.ts";
import { chooseInstance, type InstanceSeen, isOf } from "./instances.ts";
import { requireNamespace } from "./missing-namespace.ts";
import { OperatorError } from "./operator-error.ts";
import { type OpenPlace, openPlaces } from "./places.ts";
import type { Scope } from "./scope.ts";
import { type FoundJob, takeSnapshot } from "./snapshot.ts";
import { readSurroundings, type Surroundings } from "./surroundings.ts";

export interface Look extends AsyncDisposable {
  readonly scope: Scope;
  readonly around: Surroundings;
  readonly places: readonly OpenPlace[];
  /** Those whose Jobs could be listed. */
  readonly seenPlaces: readonly OpenPlace[];
  /** Jobs of the chosen Paperclip, or of all; those of probes too. */
  readonly found: readonly FoundJob[];
  /** Label of the chosen Paperclip; null: all, or nobody's Job says whose it is. */
  readonly instance: string | null;
  /** Of other Paperclips. */
  readonly others: readonly InstanceSeen[];
  /** What could not be seen, in sentences. */
  readonly unseen: readonly string[];
  readonly signal: AbortSignal;
}

export interface LookRequest {
  readonly scope: Scope;
  readonly env: NodeJS.ProcessEnv;
  readonly tell: (message: string) => void;
  readonly signal: AbortSignal;
}

/** Throws KubeconfigError, ApiError, PolicyError, OperatorError, or the signal's reason. */
export async function look({ scope, env, tell, signal }: LookRequest): Promise<Look> {
  const around = await readSurroundings(scope, env, tell);
  const opened = await openPlaces(around, scope, signal);
  try {
    const { found, unseen, seenPlaces } = await takeSnapshot(opened.places, signal);
    const [only, ...more] = opened.places;
    if (found.length === 0 && only && more.length === 0) await requireNamespace(only, signal);
    const chosen = choose(found, scope, around);
    const { policyProblem } = around;
    return {
      ...chosen,
      scope,
      around,
      places: opened.places,
      seenPlaces,
      unseen: [...(policyProblem ? [withoutPolicy(policyProblem)] : []), ...opened.unreached, ...unseen],
      signal,
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}

const withoutPolicy = ({ message }: Error): string =>
  `The policy is not looked at, so that places and bounds are not known: ${message.replaceAll("\n", " ")}`;

function choose(
  all: readonly FoundJob[],
  { paperclips }: Scope,
  { own }: Surroundings,
): Pick<Look, "found" | "instance" | "others"> {
  if (paperclips === "all") return { found: all, instance: null, others: [] };
  const chosen = chooseInstance(
    all.map(({ job }) => job),
    paperclips,
    own?.label ?? null,
  );
  if (chosen.kind === "several") throw several(chosen.seen);
  const { label, others } = chosen;
  return { found: all.filter(({ job }) => isOf(job, label)), instance: label, others };
}

function several(seen: readonly InstanceSeen[]): OperatorError {
  return new OperatorError(
    `Several Paperclips have Jobs there: ${listOf(seen)}.`,
    "Say which one with --instance LABEL, or take --all-instances.",
    true,
  );
}

export const listOf = (seen: readonly InstanceSeen[]): string =>
  seen.map(({ label, jobs }) => `${label} (${jobs} ${jobs === 1 ? "Job" : "Jobs"})`).join(", ");

/** The chosen Paperclip, with the secret of this environment where it may be that one's; null: none is chosen. */
export function installationOf({ instance, around }: Look): Installation | null {
  if (instance === null) return null;
  return around.own?.label === instance ? around.own : installationNamed(around.deps.env, instance);
}

/** The one Job that is meant; null: there is none. Throws OperatorError where several are. */
export function pickRun({ found }: Pick<Look, "found">, word: string): FoundJob | null {
  const [only, ...more] = findRun(found, word);
  if (more.length === 0) return only ?? null;
  const all = [only, ...more].flatMap((one) => (one ? [describeMatch(one)] : []));
  throw new OperatorError(
    `${word} may be one of ${all.length}: ${all.join("; ")}.`,
    "Name one of these runs or Jobs.",
    true,
  );
}

function describeMatch({ job }: FoundJob): string {
  const task = taskIdOf(job);
  return `run ${runIdOf(job)}${task ? ` of task ${task}` : ""}, Job ${job.metadata.namespace}/${nameOf(job)} (${stateOf(job)})`;
}
