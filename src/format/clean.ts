/**
 * Removes from foreign text what a terminal executes instead of showing: escape sequences, control characters and the
 * marks that change the direction of writing. Keeps newlines; a tab becomes two spaces, any other end of a line a newline.
 */
export function clean(text: string): string {
  return text
    .replaceAll(ESCAPE_SEQUENCES, "")
    .replaceAll(/\r\n?|[\u2028\u2029]/g, "\n")
    .replaceAll("\t", "  ")
    .replaceAll(CONTROLS, "");
}

/**
 * Strings with their end (OSC, DCS, SOS, PM, APC), control sequences (CSI), other escape sequences; ECMA-48, 7 and 8 bit.
 * No part can run over the beginning of another, so that time grows with the text only: Node's own
 * `stripVTControlCharacters` takes minutes for a megabyte of beginnings without an end (24.21).
 */
const ESCAPE_SEQUENCES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
  /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u0090\u0098\u009c-\u009f]*(?:\u0007|\u001b\\|\u009c)|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b[ -/]*[0-~]/g;

/** C0 without newline, DEL, C1; U+061C, 200E/F, 202A–E and 2066–F turn the direction; FFF9–B annotate; lone surrogates. */
const CONTROLS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufff9-\ufffb]|\p{Cs}/gu;
