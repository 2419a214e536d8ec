import { defineCommand } from "../command.ts";
import { UsageError } from "../command-error.ts";
import { agentOptions } from "../manifest/agent-options.ts";
import { clusterOptions, scopeOf } from "../where.ts";

const help = `claude-k8s doctor: would a run of this agent work?

Usage: claude-k8s doctor [--agent ID | --config FILE] [options]

The environment test of the agent's page (docs/environment-test.md): what can be
seen from outside, then one small Job that says hello and is removed. Each
finding has its fix. It needs no Paperclip: without --agent it tests the
configuration of FILE, or one that sets nothing.

Options:
  --agent ID                         An agent of Paperclip, by its id.
  --config FILE                      Its settings as YAML or JSON; - is stdin.
  --policy FILE                      Under this policy. Default: that in force.
  --no-probe                         Without the Job.
  --api-url URL, --token KEY         Paperclip's, with a board API key.
  --kubeconfig FILE, --context NAME  Where the agent names none.
  -n, --namespace NAME               Its own. Default: the context's.
  --json                             The result as Paperclip gets it.
  --help                             Show this.
Exit code: 0 a run would work (warnings are told), 1 it would not.
`;

export const doctor = defineCommand({
  help,
  options: {
    ...clusterOptions,
    ...agentOptions,
    probe: { type: "boolean", default: true },
    json: { type: "boolean", default: false },
  },

  async run(values) {
    if (values.agent !== undefined && values.config !== undefined)
      throw new UsageError("it takes --agent or --config.");
    const scope = scopeOf({ ...values, "all-places": false, "all-instances": false }, process.env);
    const { examine } = await import("../doctor/examine.ts");
    return examine(scope, values);
  },
});
