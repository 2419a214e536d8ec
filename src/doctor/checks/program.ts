import { info, type PodCheck, problem } from "../check.ts";

/** Is Claude Code in the image? */
export const checkProgram: PodCheck = ({ probe: { facts }, agent }) => {
  if (!facts) return [];
  const [program] = agent.config.command;
  if (!facts.program) {
    const fix = `Use an image that has Claude Code in its PATH, bring it by a second image (cliImage), or correct "command".`;
    return [problem("error", "claude_command_unresolvable", `The image has no program ${program}.`, fix)];
  }
  // A program that cannot even say its version is judged by its hello.
  const version = facts.version ? `, version ${facts.version}` : "";
  return [info("claude_command_resolvable", `The image has ${facts.program}${version}.`)];
};
