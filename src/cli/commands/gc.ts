import { defineCommand } from "../command.ts";
import { paperclipHelp, paperclipOptions, scopeOf, whereHelp, whereOptions } from "../where.ts";

const help = `claude-k8s gc: what is left over of runs that are over

Usage: claude-k8s gc [--yes] [options]

Lists, and with --yes removes: Jobs that Paperclip's supervisor would remove by
its rules, probes, Secrets without a Job, shared files that no run needs, old
transcripts and copies of them. What may be alive, or is not proven to be this
Paperclip's, is left alone, and said. Homes and claims of agents that Paperclip
does not have any more hold work: --yes removes them only with --work.

Options:
  --yes                              Remove what is listed.
  --work                             Homes and claims, too.
${paperclipHelp}  --json                             The same as JSON.
  --help                             Show this.
${whereHelp}Exit code: 1 something is left over without --yes, or could not be removed.
`;

export const gc = defineCommand({
  help,
  options: {
    yes: { type: "boolean", default: false },
    work: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    ...paperclipOptions,
    ...whereOptions,
  },

  async run(values) {
    const { collect } = await import("../gc/collect.ts");
    const { yes, work, json } = values;
    return collect(scopeOf(values, process.env), { yes, work, json });
  },
});
