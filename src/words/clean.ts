import { stripVTControlCharacters } from "node:util";

/**
 * Takes out of foreign text whatever a terminal would obey instead of show: escape sequences, control characters and the
 * marks that change the direction of writing. Keeps newlines; a tab becomes two spaces.
 */
export function clean(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\r\n?/g, "\n").replaceAll("\t", "  ").replaceAll(OBEYED, "");
}

/** C0 without newline, DEL, C1; U+061C, 200E/F, 202A–E and 2066–9 turn the direction; lone surrogates. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|\p{Cs}/gu;
