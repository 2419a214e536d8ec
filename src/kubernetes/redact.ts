/**
 * Takes credentials out of text that others wrote (an exec plugin's stderr, an API server's message) before it may
 * become part of an error. Over-eager on purpose: a redacted word too many costs less than a leaked token. Its time grows
 * with the text only: no pattern begins with a run of what it could begin with again.
 */
export function redact(text: string): string {
  return text
    .replace(/\b(bearer|basic)\s+[\w.~+/=-]+/gi, "$1 [redacted]")
    .replace(/\beyJ[\w-]{5,}(?:\.[\w-]*){0,4}/g, "[redacted]")
    .replace(/\bsk-[\w-]{8,}/g, "[redacted]")
    .replace(/-----BEGIN [^-]+-----[\s\S]*?(?:-----END [^-]+-----|$)/g, "[redacted]")
    .replace(/((?:token|secret|password|passwd|api[-_]?key)"?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;]+)/gi, "$1[redacted]")
    .replace(/(:\/\/)[^/\s@]+@/g, "$1[redacted]@");
}

/**
 * What an API server says about an object that carries secrets: it quotes refused values (`Invalid value: "…"`), so
 * every quoted value goes.
 */
export function redactValues(text: string): string {
  return redact(text).replace(
    /((?:invalid|unsupported|duplicate) value: )("(?:[^"\\]|\\.)*"|[^,:]+)/gi,
    "$1[redacted]",
  );
}

/** One line of at most `limit` characters. */
export function oneLine(text: string, limit = 500): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}
