/** How the rules of a pod template say what is wrong, and read what may have any shape. */
import type { Path } from "./path.ts";
import { isPlain, type Plain, type TemplateProblem } from "./walk.ts";

export type ObjectRule = (value: Plain) => readonly TemplateProblem[];

/** A problem of the object itself, or of a field or key within it. */
export const wrong = (problem: string, ...steps: (string | { readonly key: string })[]): TemplateProblem => {
  const path: Path = steps.map((step) => (typeof step === "string" ? { field: step } : step));
  return { path, problem };
};

export const listOf = (value: unknown): readonly Plain[] => (Array.isArray(value) ? value.filter(isPlain) : []);
export const plain = (value: unknown): Plain => (isPlain(value) ? value : {});
export const isSet = (value: unknown): boolean => value !== undefined && value !== null;
