import { FIXES } from "./fixes.ts";

/** Why the runner could not start the agent, by its own words (src/runner/agent.ts, start.sh): the first row that matches. */
const START_ERRORS: readonly (readonly [RegExp, string])[] = [
  [/working directory.*(ENOSPC|EDQUOT|No space left)/, FIXES.homeFull],
  [/working directory/, FIXES.homeNotWritable],
  [/ENOEXEC|[Ee]xec format error/, FIXES.wrongArchitecture],
  [/EACCES|cannot be run/, FIXES.notExecutable],
  [/node could not run/, FIXES.nodeMissing],
];

export function fixForStartError(error: string | undefined): string {
  return START_ERRORS.find(([words]) => words.test(error ?? ""))?.[1] ?? FIXES.claudeMissing;
}
