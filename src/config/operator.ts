import { isIPv4, isIPv6 } from "node:net";
import { ConfigError } from "./config-error.ts";

/**
 * What the operator of Paperclip sets in the environment of Paperclip's own process, for every agent. What agents may set
 * themselves is the policy's (src/policy).
 */
export interface OperatorSettings {
  /** Address of Paperclip's API as a pod sees it; null = the address that Paperclip itself would give. */
  readonly apiUrl: string | null;
  /**
   * Variables of Paperclip's process that pods receive beside those that Claude Code needs to reach its model: `NAME`, or
   * `PREFIX*`; with `-` before it, one that they do not receive. @default []
   */
  readonly inheritEnv: readonly string[];
}

/**
 * `PAPERCLIP_K8S_API_URL`: Paperclip's address for pods. `PAPERCLIP_K8S_INHERIT_ENV`: names with commas, such as
 * `GH_TOKEN,OPENAI_*,-ANTHROPIC_MODEL`.
 */
export function operatorSettings(env: NodeJS.ProcessEnv, environment: readonly string[] = []): OperatorSettings {
  const more = (env.PAPERCLIP_K8S_INHERIT_ENV ?? "").split(",").map((name) => name.trim());
  return {
    apiUrl: env.PAPERCLIP_K8S_API_URL?.trim() || null,
    inheritEnv: [...more.filter(Boolean), ...environment],
  };
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

export interface MetricsAddress {
  readonly host: string;
  readonly port: number;
}

/** `PAPERCLIP_K8S_METRICS=ADDRESS:PORT`; null when it says nothing. Throws ConfigError for anything else. */
export function metricsAddress(env: NodeJS.ProcessEnv): MetricsAddress | null {
  const text = env.PAPERCLIP_K8S_METRICS?.trim() ?? "";
  if (text === "") return null;
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? "";
  const port = Number(digits);
  const isAddress = bracketed === undefined ? isIPv4(host) || host === "localhost" : isIPv6(host);
  if (isAddress && port >= 1 && port <= 65_535) return { host, port };
  const problem = `is ${JSON.stringify(text)}, which is no address and port`;
  const fix =
    "Set it to such as 127.0.0.1:9464 (or [::1]:9464), or unset it, in the environment of Paperclip's server.";
  throw new ConfigError([{ field: "PAPERCLIP_K8S_METRICS", problem, fix }]);
}

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
