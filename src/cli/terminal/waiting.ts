/** Says on stderr what is waited for: on a terminal in one line that goes again, elsewhere not at all. */
import picocolors from "picocolors";
import { clean } from "../../format/clean.ts";
import { ProgressLine } from "./progress-line.ts";

export interface Waiting extends Disposable {
  /** A clause; the same one goes on counting its seconds. */
  show(text: string): void;
  hide(): void;
}

export function openWaiting(stderr: NodeJS.WriteStream = process.stderr): Waiting {
  if (!stderr.isTTY) return { show: () => undefined, hide: () => undefined, [Symbol.dispose]: () => undefined };
  const line = new ProgressLine(
    (text) => void stderr.write(text),
    () => stderr.columns || 80,
    picocolors.dim,
  );
  return {
    show: (text) => line.show(clean(text)),
    hide: () => line.hide(),
    [Symbol.dispose]: () => line.hide(),
  };
}
