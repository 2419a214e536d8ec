/** Which Job an operator means by RUN: a run, a Job or a task, by its name or a run by the beginning of it. Pure. */
import { adoptedFrom, isProbe, nameOf, runIdOf, stateOf, taskIdOf } from "../../run/shared/job-state.ts";
import { labelValue } from "../../run/shared/names.ts";
import type { FoundJob } from "./snapshot.ts";

type Match = (found: FoundJob, word: string) => boolean;

/** The first that any Job fits counts: an id is never taken for the beginning of another one. */
const MATCHES: readonly Match[] = [
  ({ job }, word) => runIdOf(job) === word || runIdOf(job) === labelValue(word),
  ({ job }, word) => nameOf(job) === word.replace(/^jobs?(\.batch)?\//, ""),
  ({ pods }, word) => pods.some(({ metadata }) => metadata.name === word.replace(/^pods?\//, "")),
  ({ job }, word) => adoptedFrom(job) === word,
  ({ job }, word) => isUncollected(job) && taskIdOf(job) === word,
  ({ job }, word) => taskIdOf(job) === word,
  ({ job }, word) => word.length >= SHORTEST && (runIdOf(job)?.startsWith(word) ?? false),
  ({ job }, word) => word.length >= SHORTEST && (taskIdOf(job)?.startsWith(word) ?? false),
];

/** Characters of a beginning: fewer are no name. */
const SHORTEST = 4;

const isUncollected = (job: FoundJob["job"]): boolean => !["leaving", "collected"].includes(stateOf(job));

/** All that fit equally well. Jobs of environment tests are no runs. */
export function findRun(all: readonly FoundJob[], word: string): readonly FoundJob[] {
  const runs = all.filter(({ job }) => !isProbe(job));
  for (const fits of MATCHES) {
    const found = runs.filter((one) => fits(one, word));
    if (found.length > 0) return found;
  }
  return [];
}
