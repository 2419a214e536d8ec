/** One entry of the schema, and the values that several entries take. */
import { z } from "zod";

export interface FieldOption {
  readonly value: string;
  readonly label: string;
}

export interface Field<T = unknown> {
  readonly label: string;
  readonly control: "text" | "number" | "toggle" | "select" | "textarea";
  /** For the page and the documentation: what it does, then default and unit. */
  readonly hint: string;
  readonly options?: readonly FieldOption[];
  /** Shown only when the other field has none of these values, as Paperclip's page compares them (2026.916.1). */
  readonly visibleWhen?: { readonly key: string; readonly notValues: readonly string[] };
  readonly value: z.ZodType<T>;
  /** Used when the key is absent, null or blank. */
  readonly default: T;
}

/** A key that Paperclip's own page shows or sets: parsed and documented, but not in our form, where it would appear twice. */
export type HostField<T = unknown> = Pick<Field<T>, "hint" | "value" | "default">;

export const field = <T>(spec: Field<T>): Field<T> => spec;
export const hostField = <T>(spec: HostField<T>): HostField<T> => spec;

/** The largest number of seconds that Kubernetes takes (int32). */
const MAX_INT32 = 2_147_483_647;
/** A year, in seconds: a larger value is probably a typing error, and Kubernetes' own limit is near. */
const MAX_SECONDS = 31_536_000;

export const text = z.string({ error: "is not text" }).min(1);

export const absolutePath = text.startsWith("/", { error: "is not an absolute path" });

/** Agents and imports write numbers as text. */
const number = <T>(schema: z.ZodType<T>): z.ZodType<T> =>
  z.preprocess((input) => {
    const written = typeof input === "string" ? input.trim() : "";
    return /^[-+]?\d+(\.\d+)?$/.test(written) ? Number(written) : input;
  }, schema) as unknown as z.ZodType<T>;

export const wholeNumber = (from: number): z.ZodType<number> =>
  number(
    z
      .number({ error: "is not a number" })
      .int({ error: "is not a whole number" })
      .min(from, { error: `is below ${from}` })
      .max(MAX_INT32, { error: `is above ${MAX_INT32}` }),
  );

export const seconds: z.ZodType<number> = number(
  z
    .number({ error: "is not a number" })
    .min(0, { error: "is below 0" })
    .max(MAX_SECONDS, { error: `is above ${MAX_SECONDS} (a year)` }),
);

/** Also "true" and "false" as text: agents and imports write them, and a select of the page stores text. */
export const toggle: z.ZodType<boolean> = z.preprocess(
  (given) => {
    const written = typeof given === "string" ? given.trim().toLowerCase() : "";
    return written === "true" || written === "false" ? written === "true" : given;
  },
  z.boolean({ error: "is not true or false" }),
) as unknown as z.ZodType<boolean>;
