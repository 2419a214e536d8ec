/** A rule of one field, and what rules are made of. */

/** @returns what is wrong, as a clause */
export type FieldRule = (value: unknown) => string | null;

/** By type of the API and field. */
export type FieldRules = Readonly<Record<string, Readonly<Record<string, FieldRule>>>>;

export const text =
  (isRight: (text: string) => boolean, problem: string): FieldRule =>
  (value) =>
    isRight(String(value)) ? null : problem;

export const oneOf = (...values: string[]): FieldRule =>
  text((value) => values.includes(value), `is not one of ${values.join(", ")}`);

export const between =
  (from: number, to: number): FieldRule =>
  (value) =>
    Number(value) >= from && Number(value) <= to ? null : `is not between ${from} and ${to}`;

export const each =
  (rule: FieldRule): FieldRule =>
  (value) =>
    (value as readonly unknown[]).map(rule).find((problem) => problem !== null) ?? null;

export const keys =
  (rule: FieldRule): FieldRule =>
  (value) =>
    Object.keys(value as object)
      .filter((key) => !key.startsWith("$"))
      .map((key) => (rule(key) === null ? null : `has the key \`${key}\`, which ${rule(key)}`))
      .find((problem) => problem !== null) ?? null;

export const both =
  (...rules: FieldRule[]): FieldRule =>
  (value) =>
    rules.map((rule) => rule(value)).find((problem) => problem !== null) ?? null;

export const never = (why: string): FieldRule => {
  return () => `cannot be set: ${why}`;
};
