/** Which model a run asks for with `--model`. */
import { reachesBedrock, reachesOtherProvider } from "../provider.ts";
import { DEFAULT_MODEL } from "./known-models.ts";

export interface ModelChoice {
  /** For `--model`; null = Claude Code's own choice, by its environment and settings. */
  readonly model: string | null;
  /** A sentence where that is not what the agent's configuration names. */
  readonly note: string | null;
}

/**
 * A blank model means what it means to claude_local: without it Claude Code would take another one for an API key than for
 * a subscription, and another one with each new image (measured with 2.1.330), at another price.
 *
 * @param env the agent's whole environment
 */
export function chooseModel(
  configured: string | null,
  env: Readonly<Record<string, string>>,
  extraArgs: readonly string[],
): ModelChoice {
  const model = configured?.trim() || null;
  if (model !== null && reachesBedrock(env) && !isBedrockModel(model)) {
    const example = "such as us.anthropic.claude-opus-4-8-v1";
    return {
      model: null,
      note: `Model ${model} is not passed on: Bedrock does not know that id (its own are ${example}). Claude Code takes its default there`,
    };
  }
  if (model !== null) return { model, note: null };
  const isNamed =
    [env.ANTHROPIC_MODEL, env.ANTHROPIC_DEFAULT_MODEL].some((name) => name?.trim()) ||
    extraArgs.some((word) => word === "--model" || word.startsWith("--model="));
  return { model: isNamed || reachesOtherProvider(env) ? null : DEFAULT_MODEL, note: null };
}

/** An inference profile, a foundation model or their ARN; or one of Claude Code's aliases, which it resolves itself. */
export const isBedrockModel = (model: string): boolean =>
  /^(\w[\w-]*\.)?anthropic\./.test(model) ||
  /^arn:aws[\w-]*:bedrock:/.test(model) ||
  /^(default|best|opus|sonnet|haiku|fable|opusplan)(\[1m\])?$/.test(model);
