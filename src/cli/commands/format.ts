import { createInterface } from "node:readline";
import picocolors from "picocolors";
import { type FormatOptions, formatLine, formatStderr } from "../../format/format-line.ts";
import { defineCommand } from "../command.ts";
import { type AgentLine, Unframer } from "../unframe.ts";

const help = `claude-k8s format: make a run's output readable

Usage: kubectl logs job/NAME | claude-k8s format
       claude -p --output-format stream-json --verbose … | claude-k8s format

Reads Claude Code's stream-json on stdin, plain or as a run's pod logs it.

Options:
  --color, --no-color  Colour the output. Default: when stdout is a terminal.
  --all                Show also the events that only the machine needs.
  --help               Show this.
`;

export const format = defineCommand({
  help,
  options: {
    color: { type: "boolean" },
    all: { type: "boolean", default: false },
  },

  async run({ color, all }) {
    const width = process.stdout.columns;
    const style = {
      color: color ?? picocolors.isColorSupported,
      debug: all,
      ...(width ? { width } : {}),
    };
    const unframer = new Unframer();
    // Bytes, not characters: a frame may end inside a character.
    const input = process.stdin.setEncoding("latin1");
    for await (const bytes of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      const line = unframer.push(Buffer.from(bytes, "latin1"));
      for (const text of line ? show(line, style) : []) process.stdout.write(`${text}\n`);
    }
    return 0;
  },
});

function show(line: AgentLine, options: FormatOptions): string[] {
  return line.channel === "stderr" ? formatStderr(line.text, options) : formatLine(line.text, options);
}
