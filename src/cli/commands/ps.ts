import { defineCommand } from "../command.ts";
import { scopeOf, whereHelp, whereOptions } from "../where.ts";

const help = `claude-k8s ps: the Jobs of runs that live or are not collected

Usage: claude-k8s ps [options]

One line a Job: agent, task and run, how far it is (PHASE), its age and node,
and what it waits for in the words of the run's page. running: the agent works.
ended: its outcome is not collected yet. queued: it waits for its turn.
kept: for inspection. unknown: its node is silent.

Options:
  -w, --watch  Go on, and draw again at each change.
  --probes     Those of environment tests, too.
  --json       A list of Jobs; with --watch one list a line at each change.
  --help       Show this.
${whereHelp}`;

export const ps = defineCommand({
  help,
  options: {
    watch: { type: "boolean", short: "w", default: false },
    probes: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    ...whereOptions,
  },

  async run(values) {
    const { listRuns, watchRuns } = await import("../ps/list-runs.ts");
    const { watch, probes, json } = values;
    const scope = scopeOf(values, process.env);
    return watch ? watchRuns(scope, { probes, json }) : listRuns(scope, { probes, json });
  },
});
