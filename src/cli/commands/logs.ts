import { defineCommand } from "../command.ts";
import { UsageError } from "../command-error.ts";
import { scopeOf, whereHelp, whereOptions } from "../where.ts";

const help = `claude-k8s logs: what the agent of a run says

Usage: claude-k8s logs RUN [-f] [--stream-json | --json | --container NAME]

From the cluster: each line once and in order. What is missing is named, and
stderr says whether all is there. When the Job is gone: the kept transcript,
where Paperclip runs. RUN: a run, a Job, a task, or the beginning of an id.

Options:
  -f, --follow      Go on until the run has ended.
  --stream-json     The agent's own lines, byte for byte. Default: words.
  --json            One object a line: {channel, line}; at last {transcript}.
  --container NAME  The log of this container as it is: an init container's, a
                    sidecar's, or with \`recorder: separate\` that of claude.
  --all             In words, also the events that only the machine needs.
  --help            Show this.
${whereHelp}`;

export const logs = defineCommand({
  help,
  options: {
    follow: { type: "boolean", short: "f", default: false },
    "stream-json": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    container: { type: "string" },
    all: { type: "boolean", default: false },
    ...whereOptions,
  },
  takes: { least: 1, most: 1, what: "one run" },

  async run(values, [word = ""]) {
    const { "stream-json": raw, json, container, all, follow } = values;
    if ([raw, json, container !== undefined].filter(Boolean).length > 1)
      throw new UsageError("it takes one of --stream-json, --json and --container.");
    const scope = scopeOf(values, process.env);
    const { showLogs } = await import("../logs/show-logs.ts");
    const form = raw ? "stream-json" : json ? "json" : "words";
    return showLogs(scope, { word, follow, form, all, container: container ?? null });
  },
});
