/** What the run record may show of environment and context: what Paperclip's own pages show anyway. */
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import { buildInvocationEnvForLogs } from "@paperclipai/adapter-utils/server-utils";
import { record, withoutLogin } from "./wake.ts";

/** As Paperclip's own function writes it. */
const REDACTED = "***REDACTED***";

/**
 * Every name; the value only of what Paperclip itself sets for the run, and of what the agent's configuration has as plain
 * text. Paperclip's function then redacts the names that sound like a secret's.
 */
export function shownEnvironment(
  variables: Readonly<Record<string, string>>,
  aboutTheRun: ReadonlySet<string>,
  { adapterConfig }: Pick<AdapterExecutionContext["agent"], "adapterConfig">,
): Record<string, string> {
  const configured = record(record(adapterConfig).env);
  const shown = Object.entries(variables).map(([name, value]) => {
    const isShown = aboutTheRun.has(name) || isPlain(configured[name], value);
    return [name, isShown ? value : REDACTED] as const;
  });
  return buildInvocationEnvForLogs(Object.fromEntries(shown));
}

/** A binding that is a secret's has another shape, and its value is not this one. */
const isPlain = (binding: unknown, value: string): boolean => {
  const plain = typeof binding === "object" && binding !== null ? record(binding).value : binding;
  return plain !== undefined && plain !== null && String(plain) === value;
};

const SOUNDS_SECRET = /token|secret|password|passwd|authorization|cookie|api_?key/i;

/** The wake-up as the host gave it; a token that it may hold stays out, and the login of a repository's address. */
export function shownContext(context: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const redact = (key: string, value: unknown): unknown => {
    if (typeof value !== "string") return value;
    return SOUNDS_SECRET.test(key) ? REDACTED : withoutLogin(value);
  };
  return record(JSON.parse(JSON.stringify(context, redact)));
}
