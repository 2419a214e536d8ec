/** The command line of Claude Code (2.1.330). */
export interface ClaudeInvocation {
  /** The program, with leading arguments where it has some. */
  readonly command: readonly [string, ...string[]];
  readonly resume: string | null;
  readonly skipPermissions: boolean;
  readonly chrome: boolean;
  readonly model: string | null;
  readonly effort: string | null;
  /** 0 = no limit. */
  readonly maxTurns: number;
  /** A file name in the run's directory; Claude appends it to its system prompt. */
  readonly systemPromptFile: string | null;
  /** A file name in the run's directory: the MCP servers of this run, and no others. */
  readonly mcpFile: string | null;
  /** A folder's name in the run's directory, with the skills in its `.claude/skills`. */
  readonly skillsFolder: string | null;
  readonly extraArgs: readonly string[];
}

/** A word, or a file of the run by its name: where the files lie is the pod's business. */
export type Word = string | { readonly runFile: string };

/**
 * The prompt comes on stdin: `--print` alone reads it there, while `-p -` would put a literal dash into it (measured).
 */
export function claudeCommand(invocation: ClaudeInvocation): [Word, ...Word[]] {
  const words: [Word, ...Word[]] = [...invocation.command, "--print", "--output-format", "stream-json", "--verbose"];
  if (invocation.resume) words.push("--resume", invocation.resume);
  if (invocation.skipPermissions) words.push("--dangerously-skip-permissions");
  if (invocation.chrome) words.push("--chrome");
  if (invocation.model) words.push("--model", invocation.model);
  if (invocation.effort) words.push("--effort", invocation.effort);
  if (invocation.maxTurns > 0) words.push("--max-turns", String(invocation.maxTurns));
  if (invocation.systemPromptFile) words.push("--append-system-prompt-file", { runFile: invocation.systemPromptFile });
  if (invocation.mcpFile) words.push("--mcp-config", { runFile: invocation.mcpFile }, "--strict-mcp-config");
  if (invocation.skillsFolder) words.push("--add-dir", { runFile: invocation.skillsFolder });
  words.push(...invocation.extraArgs);
  return words;
}
