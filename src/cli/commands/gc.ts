import { defineCommand } from "../command.ts";
import { paperclipHelp, paperclipOptions, scopeOf, whereHelp, whereOptions } from "../where.ts";

const help = `claude-k8s gc: what is left over of runs that are over

Usage: claude-k8s gc [--yes] [options]

Lists it, and removes it with --yes: Jobs that Paperclip's supervisor would remove (by its rules,
and only where it knows that the run is over), held candidates, probes, Secrets without a Job, old
transcripts and copies of them. What may be alive, or is not proven to be this Paperclip's, is left
alone, and said. Homes of agents that are gone are listed, never removed: they hold work.

Options:
  --yes                              Remove what is listed.
${paperclipHelp}  --json                             The same as JSON.
  --help                             Show this.
${whereHelp}Exit code: 0 done, or nothing is left over; 1 something could not be removed, or, without
--yes, something is left over.
`;

export const gc = defineCommand({
  help,
  options: {
    yes: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    ...paperclipOptions,
    ...whereOptions,
  },

  async run(values) {
    const { collect } = await import("../gc/collect.ts");
    return collect(scopeOf(values, process.env), { yes: values.yes, json: values.json });
  },
});
