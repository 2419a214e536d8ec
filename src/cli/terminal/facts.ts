/** Names and what there is to say of each, one below the other. */
import picocolors from "picocolors";
import { clean } from "../../format/clean.ts";
import { wrap } from "../../format/wrap.ts";

export interface Fact {
  /** Empty: it goes on with the one above. */
  readonly name: string;
  readonly text: string;
  readonly tone?: "good" | "bad";
}

const NAME = 10;

export function facts(all: readonly Fact[], stdout: Pick<NodeJS.WriteStream, "isTTY" | "columns">): string[] {
  const colors = picocolors.createColors(picocolors.isColorSupported && stdout.isTTY);
  const room = stdout.isTTY ? Math.max(30, (stdout.columns || 80) - NAME) : Number.POSITIVE_INFINITY;
  return all.flatMap(({ name, text, tone }) => {
    const paint = tone === "good" ? colors.green : tone === "bad" ? colors.red : colors.bold;
    const lines = clean(text)
      .split("\n")
      .flatMap((line) => wrap(line, room));
    return lines.map(
      (line, index) => `${paint((index === 0 ? clean(name) : "").padEnd(NAME))}${tone ? colors.bold(line) : line}`,
    );
  });
}
