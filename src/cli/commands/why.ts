import { defineCommand } from "../command.ts";
import { paperclipHelp, paperclipOptions, scopeOf, whereHelp, whereOptions } from "../where.ts";

const help = `claude-k8s why: how a run ended, or what it does

Usage: claude-k8s why RUN [options]

Of a run that has ended: the verdict, its evidence and what to do; from its Job,
also where Paperclip does not know the run, else from Paperclip's record. Of a
living one: what it does or waits for, and what to do about that. It changes
nothing. RUN: a run, a Job, a task, or the beginning of an id.

Options:
${paperclipHelp}  --json                             The same as JSON.
  --help                             Show this.
${whereHelp}Exit code: 0 it completed its task, or is alive; 1 it failed, or is not known.
`;

export const why = defineCommand({
  help,
  options: { json: { type: "boolean", default: false }, ...paperclipOptions, ...whereOptions },
  takes: { least: 1, most: 1, what: "one run" },

  async run(values, [word = ""]) {
    const { tellWhy } = await import("../why/tell-why.ts");
    return tellWhy(scopeOf(values, process.env), word, values.json);
  },
});
