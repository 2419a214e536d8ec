import type { Form } from "./printer.ts";

export interface LogsOptions {
  readonly word: string;
  readonly follow: boolean;
  readonly form: Form;
  readonly all: boolean;
  /** Null: the transcript. */
  readonly container: string | null;
}
