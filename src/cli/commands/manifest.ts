import { defineCommand } from "../command.ts";
import { UsageError } from "../command-error.ts";
import { agentOptions } from "../manifest/agent-options.ts";
import { note, print, printJson } from "../output.ts";
import { clusterOf, clusterOptions } from "../where.ts";

const help = `claude-k8s manifest: the Job that a run of an agent would be

Usage: claude-k8s manifest --agent ID [options]
       claude-k8s manifest --config FILE [options]

Prints the Job as YAML (docs/pod.md). A comment says whose word a line is where
that is not as around it: a setting of the agent or of the policy, Paperclip's
own pod, a pod template, the security level; all else is the adapter's own.
Nothing is created. The cluster is asked for Paperclip's own pod, so ask there:
  kubectl exec deploy/paperclip -- node PACKAGE/dist/bin.js manifest --agent ID

Options:
  --agent ID     An agent of Paperclip, by its id.
  --config FILE  An agent's settings as YAML or JSON instead; - is stdin.
  --policy FILE  The policy under which it runs. Default: the one in force.
  --api-url URL  Paperclip's. Default: PAPERCLIP_API_URL, 127.0.0.1:3100.
  --token KEY    A board API key. Default: PAPERCLIP_API_KEY, else none.
  --json         The Job as JSON, without comments.
  --help         Show this.
  --kubeconfig FILE, --context NAME, -n, --namespace NAME
                 Where the agent names none. Default: as kubectl.
`;

export const manifest = defineCommand({
  help,
  options: { ...clusterOptions, ...agentOptions, json: { type: "boolean", default: false } },

  async run(values) {
    if ((values.agent === undefined) === (values.config === undefined))
      throw new UsageError("it takes either --agent or --config.");
    const { manifestOf } = await import("../manifest/manifest-of.ts");
    const { readAgent } = await import("../manifest/read-agent.ts");
    const { readPresentPolicy } = await import("../policy/read-present.ts");
    const { operatorClusters } = await import("../../operate/look/surroundings.ts");
    const { listenForInterruption } = await import("../terminal/interruption.ts");
    const { policy } = await readPresentPolicy(values.policy, process.env);
    const clusters = operatorClusters(clusterOf(values), (message) => note("manifest", message));
    const { text, job } = await manifestOf(await readAgent(values), policy, { clusters }, listenForInterruption());
    return values.json ? printJson(job) : print(text);
  },
});
