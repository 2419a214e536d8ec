/** Patterns of the policy: `*` is any text, also none; {companyId} and {agentId} are the run's own. */
import type { Who } from "./govern/who.ts";

/** The text of a pattern for this run. */
export function filledIn(pattern: string, { companyId, agentId }: Who): string {
  return pattern.replaceAll("{companyId}", companyId).replaceAll("{agentId}", agentId);
}

/** In time that grows with the text: no regular expression is made of an operator's pattern. */
export function matches(pattern: string, text: string, who: Who): boolean {
  const parts = pattern.split("*").map((part) => filledIn(part, who));
  const [first = "", ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

export const matchesAny = (patterns: readonly string[], text: string, who: Who): boolean =>
  patterns.some((pattern) => matches(pattern, text, who));
