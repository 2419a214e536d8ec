/** Patterns of the policy: `*` is any text, also none; {companyId} and {agentId} are the run's own. */
import type { Who } from "./govern/who.ts";

/** The text of a pattern for this run. An id is put in once, as it is: what looks like a pattern in it is none. */
export function filledIn(pattern: string, { companyId, agentId }: Who): string {
  return pattern.replace(
    /\{(companyId|agentId)\}/g,
    (text, key) => (key === "companyId" ? companyId : agentId) ?? text,
  );
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

/** Whether it would match for an agent of some id, where it is not known which agent it is. */
export const isUpToTheAgent = (patterns: readonly string[], text: string, who: Who): boolean =>
  who.agentId === null && patterns.some((pattern) => matches(pattern.replaceAll("{agentId}", "*"), text, who));

export const matchesAny = (patterns: readonly string[], text: string, who: Who): boolean =>
  patterns.some((pattern) => matches(pattern, text, who));
