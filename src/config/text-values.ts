/**
 * The page's textareas hold text; the API may bring objects. Both are read here: an object as it is, text as YAML (of
 * which JSON is a part), and for maps also as `key=value` lines, which the adapter before this one accepted.
 */
import { parse as parseYaml } from "yaml";

/** Characters of a textarea's text: what is longer is no map of labels, and the parser's time grows with its square. */
const LONGEST = 16 * 1024;

/** What a textarea's text means; undefined for blank text. Throws with the YAML parser's message. */
export function readStructured(value: unknown): unknown {
  if (typeof value !== "string") return value ?? undefined;
  if (value.length > LONGEST) throw new Error(`it is longer than ${LONGEST} characters`);
  if (value.trim() === "") return undefined;
  return readKeyValueLines(value) ?? parseYaml(value, { logLevel: "error" });
}

/** `key=value` lines with `#` comments; null when any line is something else. */
function readKeyValueLines(text: string): Record<string, string> | null {
  const pairs: Record<string, string> = {};
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const pair = /^([A-Za-z0-9][A-Za-z0-9._/-]*)\s*=\s*(.*)$/.exec(line);
    if (!pair?.[1]) return null;
    pairs[pair[1]] = pair[2] ?? "";
  }
  return Object.keys(pairs).length > 0 ? pairs : null;
}
