/** Who serves the model, by the variables that tell Claude Code (2.1.330). */
type Variables = Readonly<Record<string, string | undefined>>;

/** As Claude Code reads a switch. */
const isOn = (value: string | undefined): boolean =>
  ["1", "true", "yes", "on"].includes(value?.trim().toLowerCase() ?? "");

/** Bedrock takes ids of its own. */
export const reachesBedrock = (env: Variables): boolean =>
  isOn(env.CLAUDE_CODE_USE_BEDROCK) || Boolean(env.ANTHROPIC_BEDROCK_BASE_URL?.trim());

/** By Amazon's credentials. */
export const reachesAmazon = (env: Variables): boolean =>
  reachesBedrock(env) || isOn(env.CLAUDE_CODE_USE_MANTLE) || isOn(env.CLAUDE_CODE_USE_ANTHROPIC_AWS);

/** By Google's credentials. */
export const reachesVertex = (env: Variables): boolean =>
  isOn(env.CLAUDE_CODE_USE_VERTEX) || isOn(env.CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD);

/** By Microsoft's credentials. */
export const reachesFoundry = (env: Variables): boolean => isOn(env.CLAUDE_CODE_USE_FOUNDRY);

/** Somebody other than Anthropic: which models there are, and which is the default, is theirs to say. */
export const reachesOtherProvider = (env: Variables): boolean =>
  reachesAmazon(env) || reachesVertex(env) || reachesFoundry(env) || isOn(env.CLAUDE_CODE_USE_GATEWAY);
