/**
 * The adapter hands what its own process needs for Claude on to the pods: credentials, the choice of a provider, settings
 * of Claude Code. The demo's process may run anywhere, inside Claude Code too; its pod is to get what the demo chose and
 * nothing else, least of all a key that the scripted model would see.
 */
const HANDED_ON = /^(ANTHROPIC_|CLAUDE_CODE_|AWS_)|^CLOUD_ML_REGION$/;

/** Takes those variables out of `env`. */
export function forgetModelSettings(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(env)) if (HANDED_ON.test(name)) delete env[name];
}
