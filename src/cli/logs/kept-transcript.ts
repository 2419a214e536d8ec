/** The transcript that Paperclip keeps of a run whose Job is gone. */
import { createInterface } from "node:readline";
import picocolors from "picocolors";
import { formatLine } from "../../format/format-line.ts";
import { findTranscript } from "../find-transcript.ts";
import { print, write } from "../output.ts";
import type { LogsOptions } from "./logs-options.ts";

/** Null: there is none here. */
export async function showKept(
  { word, form, all }: LogsOptions,
  env: NodeJS.ProcessEnv,
  tell: (message: string) => void,
): Promise<number | null> {
  const file = await findTranscript(env, word);
  if (file === null) return null;
  const stream = file.createReadStream();
  if (form === "stream-json") for await (const chunk of stream) await write(process.stdout, chunk as Buffer);
  else {
    const { stdout } = process;
    const options = {
      color: picocolors.isColorSupported,
      debug: all,
      ...(stdout.isTTY ? { width: stdout.columns || 80 } : {}),
    };
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (form === "json") print(`${JSON.stringify({ channel: "stdout", line })}\n`);
      else for (const text of formatLine(line, options)) await write(stdout, `${text}\n`);
    }
  }
  tell("Its Job is gone; this is the transcript that Paperclip keeps. It has what the agent wrote to stdout.");
  return 0;
}
