/** Where a command's words go: what was asked for to stdout, all else to stderr. */
import { once } from "node:events";

/** @returns 0: it is done */
export function print(text: string): 0 {
  process.stdout.write(text);
  return 0;
}

export const printJson = (value: unknown): 0 => print(`${JSON.stringify(value, null, 2)}\n`);

/** Of a stream of values, one a line. */
export const printJsonLine = (value: unknown): 0 => print(`${JSON.stringify(value)}\n`);

/** A word beside the answer. */
export const note = (command: string, text: string): void => {
  process.stderr.write(`claude-k8s ${command}: ${text}\n`);
};

/** Waits for a reader that is slow. */
export async function write(stream: NodeJS.WriteStream, bytes: Buffer | string): Promise<void> {
  if (!stream.write(bytes)) await once(stream, "drain");
}
