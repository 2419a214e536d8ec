import { ConfigError } from "./config-error.ts";

/**
 * What the operator of Paperclip decides for every agent, in the environment of Paperclip's own process: an agent's
 * configuration cannot change it.
 */
export interface OperatorPolicy {
  /** Address of Paperclip's API as a pod sees it; null = the address that Paperclip itself would give. */
  readonly apiUrl: string | null;
  /** Variables of Paperclip's process that pods receive (through the run's Secret). `*` at the end is a prefix. */
  readonly inheritEnv: readonly string[];
}

/** What Claude Code needs to reach its model, and no more: never Paperclip's database URL or signing secrets. */
const INHERITED = [
  "ANTHROPIC_*",
  "CLAUDE_CODE_*",
  "CLOUD_ML_REGION",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
];

/**
 * Only where the model is Bedrock's: elsewhere such names may be Paperclip's own keys to its storage. Not the files of a
 * web identity, which a pod of its own does not have.
 */
const BEDROCK = [
  "AWS_REGION",
  "AWS_DEFAULT_REGION",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_BEARER_TOKEN_BEDROCK",
];

const usesBedrock = (env: NodeJS.ProcessEnv): boolean =>
  ["1", "true"].includes(env.CLAUDE_CODE_USE_BEDROCK ?? "") || Boolean(env.ANTHROPIC_BEDROCK_BASE_URL);

/**
 * `PAPERCLIP_K8S_API_URL`: Paperclip's address for pods. `PAPERCLIP_K8S_INHERIT_ENV`: more names, with commas, such as
 * `GH_TOKEN,OPENAI_*`.
 */
export function operatorPolicy(env: NodeJS.ProcessEnv): OperatorPolicy {
  const more = (env.PAPERCLIP_K8S_INHERIT_ENV ?? "").split(",").map((name) => name.trim());
  return {
    apiUrl: env.PAPERCLIP_K8S_API_URL?.trim() || null,
    inheritEnv: [...INHERITED, ...(usesBedrock(env) ? BEDROCK : []), ...more.filter(Boolean)],
  };
}

/** The variables of `env` that the policy hands on. */
export function inheritedEnvironment(env: NodeJS.ProcessEnv, policy: OperatorPolicy): Record<string, string> {
  const wanted = (name: string): boolean =>
    policy.inheritEnv.some((pattern) =>
      pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
    );
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== "" && wanted(entry[0]),
    ),
  );
}

/**
 * `PAPERCLIP_K8S_AUTO_RECOVERY=off`: a task whose run was lost or failed waits for a person, as Paperclip has it for
 * adapters that it knows nothing about. Otherwise it is continued, as for Paperclip's own Claude adapter.
 */
export function autoRecovery(env: NodeJS.ProcessEnv): boolean {
  return !isOff(env.PAPERCLIP_K8S_AUTO_RECOVERY);
}

/** `PAPERCLIP_K8S_HELLO_PROBE=off`: the environment test runs no Job. */
export function helloProbe(env: NodeJS.ProcessEnv): boolean {
  return !isOff(env.PAPERCLIP_K8S_HELLO_PROBE);
}

const isOff = (word: string | undefined): boolean =>
  ["off", "false", "0", "no"].includes(word?.trim().toLowerCase() ?? "");

/** What a run's page is given: one readable block for each event, or Claude Code's own lines. */
export type PageForm = "text" | "stream-json";

/** `PAPERCLIP_K8S_PAGE=text|stream-json` (`words` is the older name of `text`); null when it does not say. Throws ConfigError for any other word. */
export function pageForm(env: NodeJS.ProcessEnv): PageForm | null {
  const word = env.PAPERCLIP_K8S_PAGE?.trim().toLowerCase() ?? "";
  if (word === "") return null;
  if (word === "text" || word === "stream-json") return word;
  if (word === "words") return "text";
  const problem = `is ${JSON.stringify(word)}, which is neither text nor stream-json`;
  const fix = "Correct or unset it in the environment of Paperclip's server.";
  throw new ConfigError([{ field: "PAPERCLIP_K8S_PAGE", problem, fix }]);
}
