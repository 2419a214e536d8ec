import type { FieldError } from "../api-error.ts";

/** Collects what is wrong with an object, each in the server's words. */
export class Complaints {
  readonly all: FieldError[] = [];

  required(field: string, detail = ""): void {
    this.all.push({
      field,
      reason: "FieldValueRequired",
      message: detail === "" ? "Required value" : `Required value: ${detail}`,
    });
  }

  invalid(field: string, value: unknown, detail: string): void {
    this.all.push({ field, reason: "FieldValueInvalid", message: `Invalid value: ${shown(value)}: ${detail}` });
  }

  forbidden(field: string, detail: string): void {
    this.all.push({ field, reason: "FieldValueForbidden", message: `Forbidden: ${detail}` });
  }

  duplicate(field: string, value: unknown): void {
    this.all.push({ field, reason: "FieldValueDuplicate", message: `Duplicate value: ${shown(value)}` });
  }

  notFound(field: string, value: unknown): void {
    this.all.push({ field, reason: "FieldValueNotFound", message: `Not found: ${shown(value)}` });
  }

  tooLong(field: string, limit: number): void {
    this.all.push({ field, reason: "FieldValueTooLong", message: `Too long: may not be more than ${limit} bytes` });
  }

  /** Refuses a value outside the supported ones; an absent value passes. */
  oneOf(field: string, value: unknown, supported: readonly string[]): void {
    if (value === undefined || (typeof value === "string" && supported.includes(value))) return;
    const values = [...supported]
      .sort()
      .map((it) => `"${it}"`)
      .join(", ");
    const message = `Unsupported value: ${shown(value)}: supported values: ${values}`;
    this.all.push({ field, reason: "FieldValueNotSupported", message });
  }

  /** An absent value passes. */
  atLeast(field: string, value: unknown, least: 0 | 1): void {
    if (typeof value !== "number" || value >= least) return;
    this.invalid(field, value, least === 0 ? "must be greater than or equal to 0" : "must be greater than 0");
  }

  /** An absent value passes. */
  between(field: string, value: unknown, low: number, high: number): void {
    if (typeof value !== "number" || (value >= low && value <= high)) return;
    this.invalid(field, value, `must be between ${low} and ${high}, inclusive`);
  }

  unchanged(field: string, before: unknown, after: unknown, same: boolean): void {
    if (!same) this.invalid(field, after ?? before, "field is immutable");
  }
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}
