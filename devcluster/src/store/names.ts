import { randomInt } from "node:crypto";

/** The alphabet of generated names: no vowels, no look-alikes, so that no word and no confusion comes out. */
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
const SUFFIX_LENGTH = 5;
const MAX_BASE_LENGTH = 63 - SUFFIX_LENGTH;

/** `generateName` plus five random characters; the base is cut so that the whole fits a label. */
export function generatedName(base: string): string {
  let suffix = "";
  for (let i = 0; i < SUFFIX_LENGTH; i++) suffix += ALPHABET[randomInt(ALPHABET.length)];
  return base.slice(0, MAX_BASE_LENGTH) + suffix;
}
