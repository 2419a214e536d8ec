/** What `paperclip-adapter-claude-k8s/cli` offers: how a terminal shows this adapter's runs. */
import type { CLIAdapterModule } from "@paperclipai/adapter-utils";
import picocolors from "picocolors";
import { formatLine } from "../format/format-line.ts";

export { type FormatOptions, formatLine } from "../format/format-line.ts";

export const type = "claude_k8s";

/** Prints one line of a run's stdout to this process's stdout. @param debug also show what only the machine needs */
export function formatStdoutEvent(line: string, debug: boolean): void {
  const width = process.stdout.columns;
  const options = { debug, color: picocolors.isColorSupported, ...(width ? { width } : {}) };
  for (const formatted of formatLine(line, options)) console.log(formatted);
}

export const cliAdapter: CLIAdapterModule = { type, formatStdoutEvent };
