/** Whether to colour: what the user asked for, else NO_COLOR and FORCE_COLOR, else whether somebody looks. */
export function wantsColor(asked: boolean | null, env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (asked !== null) return asked;
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== "0";
  return isTerminal && env.TERM !== "dumb";
}
