import { defineCommand } from "../command.ts";
import { paperclipHelp, paperclipOptions, scopeOf, whereHelp, whereOptions } from "../where.ts";

const help = `claude-k8s stop: end a run gracefully, as Stop on its page does

Usage: claude-k8s stop RUN [options]

The agent gets its grace to save its session; then the verdict is told. Through
the run's record where Paperclip knows the run and takes the key; else by the
adapter's own write (the Job is suspended, with the reason on it), and whoever
observes the run reports it. Nothing of another run is touched.
RUN: a run, a Job, a task, or the beginning of an id.

Options:
${paperclipHelp}  --json                             The outcome as JSON.
  --help                             Show this.
${whereHelp}Exit code: 0 nothing of it is alive; 1 nobody has seen its end, or it is another
run's by now.
`;

export const stop = defineCommand({
  help,
  options: { json: { type: "boolean", default: false }, ...paperclipOptions, ...whereOptions },
  takes: { least: 1, most: 1, what: "one run" },

  async run(values, [word = ""]) {
    const { stopAndTell } = await import("../stop/stop-and-tell.ts");
    return stopAndTell(scopeOf(values, process.env), word, values.json);
  },
});
