/** The texts of `Warning: 299 - "TEXT"` headers (RFC 9111): what the API server wants a person to know of a write. */
export function warningsIn(headers: Readonly<Record<string, string | string[] | undefined>>): string[] {
  const value = [headers.warning ?? []].flat().join(", ");
  return [...value.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text.replace(/\\(.)/g, "$1"));
}
