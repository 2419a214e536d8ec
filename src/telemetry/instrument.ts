/** What an instrument is: the form of the table in `instruments.ts`. */

export interface Label {
  /** What it says; without values also what bounds them. */
  readonly description: string;
  /** All that it can be: a series of each exists from the start, so that the first increase is seen. @default an open set */
  readonly values?: readonly string[];
}

interface Described {
  /** UCUM, as OpenTelemetry has it: `s`, `By`, `USD`, or what is counted, in braces: `{run}`. */
  readonly unit: string;
  /** One sentence. */
  readonly description: string;
  readonly labels: Readonly<Record<string, Label>>;
}

/** `updown` goes up and down, as the number of what lives. */
export type Instrument =
  | (Described & { readonly kind: "counter" | "updown" })
  | (Described & {
      readonly kind: "histogram";
      /** Upper bounds, ascending, in the instrument's unit. */
      readonly buckets: readonly number[];
    });

/** Every combination of the values of labels that are all closed; null where one is open. */
export function knownLabels(labels: Instrument["labels"]): readonly Readonly<Record<string, string>>[] | null {
  let all: readonly Readonly<Record<string, string>>[] = [{}];
  for (const [name, { values }] of Object.entries(labels)) {
    if (!values) return null;
    all = all.flatMap((rest) => values.map((value) => ({ ...rest, [name]: value })));
  }
  return all;
}
