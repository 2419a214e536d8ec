import type { Failure } from "../verdict/verdict.ts";

/** Characters of a message that a page shows whole; everything else stays in `resultJson`. */
const MAX_CHARS = 600;
const MAX_LINES = 2;
/** Of these the sentence gets what the fix leaves, but not less than this. */
const MIN_SENTENCE_CHARS = 280;
/** A piece of evidence that is shorter than this when it is cut says nothing. */
const MIN_LINE_CHARS = 40;

const KNOWN = "\nHow we know: ";
const FIX = "\nWhat to do: ";

/** For a person on a page: what happened, at most two lines of evidence, what to do. At most 600 characters. */
export function errorMessage({ sentence, evidence, fix }: Pick<Failure, "sentence" | "evidence" | "fix">): string {
  const remedy = `${FIX}${cut(fix, MAX_CHARS - FIX.length - Math.min(sentence.length, MIN_SENTENCE_CHARS))}`;
  const what = cut(sentence, MAX_CHARS - remedy.length);
  const room = MAX_CHARS - what.length - remedy.length - KNOWN.length - 1;
  const lines = fitting(evidence.filter((line) => !sentence.includes(line)).slice(0, MAX_LINES), room);
  return `${what}${lines.length > 0 ? `${KNOWN}${lines.join("; ")}.` : ""}${remedy}`;
}

function fitting(lines: readonly string[], room: number): string[] {
  const kept: string[] = [];
  let left = room;
  for (const line of lines) {
    const separator = kept.length > 0 ? 2 : 0;
    if (left - separator < Math.min(line.length, MIN_LINE_CHARS)) break;
    const whole = cut(line.replace(/\.$/, ""), left - separator);
    kept.push(whole);
    left -= whole.length + separator;
  }
  return kept;
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, Math.max(0, most - 1))}…` : text;
}
