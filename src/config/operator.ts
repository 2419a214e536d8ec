import { ConfigError } from "./config-error.ts";

/**
 * What the operator of Paperclip decides for every agent, in the environment of Paperclip's own process: an agent's
 * configuration cannot change it.
 */
export interface OperatorPolicy {
  /** Address of Paperclip's API as a pod sees it; null = the address that Paperclip itself would give. */
  readonly apiUrl: string | null;
  /**
   * Variables of Paperclip's process that pods receive beside those that Claude Code needs to reach its model: `NAME`, or
   * `PREFIX*`; with `-` before it, one that they do not receive. @default []
   */
  readonly inheritEnv: readonly string[];
  /**
   * What agents see of Paperclip's home where it is on a volume that their pods can mount. `private`: a folder of the
   * agent's own as home, its workspace and its instructions; `shared`: the whole of it; `none`: nothing. @default "private"
   */
  readonly homeMode: HomeMode;
  /**
   * Folders of Paperclip's home, beside Paperclip's own, whose workspaces agents see in a private home; `{companyId}` and
   * `{agentId}` stand for those of the run. @default []
   */
  readonly workspaceRoots: readonly string[];
}

export type HomeMode = "private" | "shared" | "none";

/**
 * `PAPERCLIP_K8S_API_URL`: Paperclip's address for pods. `PAPERCLIP_K8S_INHERIT_ENV`: names with commas, such as
 * `GH_TOKEN,OPENAI_*,-ANTHROPIC_MODEL`. `PAPERCLIP_K8S_HOME=private|shared|none`. `PAPERCLIP_K8S_WORKSPACES`: folders with
 * commas, such as `/paperclip/repos/{companyId}`. Throws ConfigError for any other word.
 */
export function operatorPolicy(env: NodeJS.ProcessEnv): OperatorPolicy {
  return {
    apiUrl: env.PAPERCLIP_K8S_API_URL?.trim() || null,
    inheritEnv: listOf(env.PAPERCLIP_K8S_INHERIT_ENV),
    homeMode: homeMode(env),
    workspaceRoots: listOf(env.PAPERCLIP_K8S_WORKSPACES),
  };
}

const listOf = (text = ""): string[] =>
  text
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);

function homeMode(env: NodeJS.ProcessEnv): HomeMode {
  const word = env.PAPERCLIP_K8S_HOME?.trim().toLowerCase() || "private";
  if (word === "private" || word === "shared" || word === "none") return word;
  throw unknownWord("PAPERCLIP_K8S_HOME", word, "none of private, shared and none");
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
  throw unknownWord("PAPERCLIP_K8S_PAGE", word, "neither text nor stream-json");
}

function unknownWord(field: string, word: string, what: string): ConfigError {
  const problem = `is ${JSON.stringify(word)}, which is ${what}`;
  const fix = "Correct or unset it in the environment of Paperclip's server.";
  return new ConfigError([{ field, problem, fix }]);
}
