/**
 * Claude Code reads the file that CLAUDE_ENV_FILE names once, and runs its text before each shell command (measured with
 * 2.1.330, --print).
 */
import { quote } from "../../runner/spec.ts";
import type { RunFile } from "./secret.ts";
import { TOKEN_DIRECTORY, TOKENS } from "./token.ts";

const SCRIPT = "environment.sh";
const TAKE_OVERS = "CLAUDE_K8S_TAKE_OVERS";

// biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not ours
const HERE = "${CLAUDE_ENV_FILE%/*}";

export interface EnvironmentScript {
  /** The agent's own such file. */
  readonly own: string | undefined;
  /** A folder of the agent's that nobody else makes; null: it is there. */
  readonly makes: string | null;
  /** A folder beside the script whose programs come before all others. */
  readonly programs: string | null;
}

export function environmentScript({ own, makes, programs }: EnvironmentScript): RunFile {
  const files = [...(own ? [quote(own)] : []), ...TOKENS.map((number) => `"$${TAKE_OVERS}/${number}.sh"`)];
  const lines = files.map((file) => `[ ! -r ${file} ] || . ${file}\n`);
  if (makes) lines.push(`[ -d ${quote(makes)} ] || mkdir -p -- ${quote(makes)} 2>/dev/null || :\n`);
  if (programs) lines.push(`export PATH="${HERE}/${programs}:$PATH"\n`);
  return { path: SCRIPT, content: lines.join("") };
}

/** Paths of the pod, and nothing secret: they may stand in the Job. */
export const scriptVariables = (runDirectory: string) => [
  { name: "CLAUDE_ENV_FILE", value: `${runDirectory}/${SCRIPT}` },
  { name: TAKE_OVERS, value: TOKEN_DIRECTORY },
];
