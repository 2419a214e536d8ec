import { dirname } from "node:path";
import type { Clock } from "../../../kubernetes/clock.ts";
import type { LineSink } from "../../follow/follow.ts";
import { goOn, KeptTranscript } from "./kept-transcript.ts";
import type { Page } from "./page.ts";
import { sweepTranscripts } from "./sweep.ts";
import { TextPage } from "./text-page.ts";

export interface OpenTextPage {
  /** Stands between the lines and what shows them. */
  between(shown: LineSink): LineSink;
  /**
   * Resolves, when all lines were taken in, with the path of the file that holds them; null when it could not be written.
   *
   * @param lastNewline whether the agent ended its last line
   */
  close(lastNewline: boolean): Promise<string | null>;
}

/** Shows a run as text, and keeps its lines in a file, up to that many bytes. `warn` is called once if the file cannot be written. */
export function openTextPage(
  { file, command, goesOn = false }: Extract<Page, { form: "text" }>,
  maxBytes: number,
  clock: Clock,
  warn: (message: string) => void,
): OpenTextPage {
  const kept = new KeptTranscript({
    file,
    ...(goesOn ? { create: goOn } : {}),
    maxBytes,
    onFault: ({ message }) => warn(`The run's stream-json is not whole in ${file}: ${message}`),
    clock,
  });
  // The files' own times are the machine's.
  void sweepTranscripts(dirname(file), Date.now());
  return {
    between: (shown) => new TextPage(shown, kept, command),
    close: async (lastNewline) => ((await kept.close(lastNewline)) ? file : null),
  };
}
