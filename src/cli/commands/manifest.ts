import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { parseArgs } from "node:util";
import { parse as parseYaml } from "yaml";
import { ConfigError } from "../../config/config-error.ts";
import { type as ADAPTER_TYPE } from "../../identity.ts";
import { listAgents } from "../../paperclip/agent-list.ts";
import type { Command } from "../command.ts";
import { type AgentToPrint, manifestOf } from "../manifest/manifest-of.ts";
import { fail as failAs, parseOptions } from "../options.ts";
import { readPresentPolicy } from "../policy/read-present.ts";

const help = `claude-k8s manifest: the Job that a run of an agent would be (docs/pod.md)

Usage: claude-k8s manifest --agent ID [options]
       claude-k8s manifest --config FILE [options]

Prints the Job as YAML. A comment says whose word a line is where that is not as the line around it: a setting of the agent
or of the policy, Paperclip's own pod, a pod template, the security level; all else is the adapter's own. Nothing is created.
The cluster is asked for Paperclip's own pod, so ask where Paperclip runs:
  kubectl exec deploy/paperclip -- node PACKAGE/dist/bin.js manifest --agent ID

Options:
  --agent ID           An agent of Paperclip, by its id.
  --config FILE        An agent's configuration as YAML or JSON instead; - is stdin.
  --policy FILE        The policy under which it runs. Default: the one in force.
  --api-url URL        Paperclip's address. Default: PAPERCLIP_API_URL, else http://127.0.0.1:3100.
  --token KEY          A board API key. Default: PAPERCLIP_API_KEY, else none.
  --help               Show this.
`;

const options = {
  agent: { type: "string" },
  config: { type: "string" },
  policy: { type: "string" },
  "api-url": { type: "string" },
  token: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];

export const manifest: Command = {
  summary: "print the Job that a run of an agent would be, and whose word each line is",

  async run(args) {
    const parsed = parseOptions({ args: [...args], options });
    if (typeof parsed === "string") return fail(2, parsed);
    const { values } = parsed;
    if (values.help) return print(help);
    if ((values.agent === undefined) === (values.config === undefined))
      return fail(2, "it takes either --agent or --config. `--help` shows how.");
    try {
      const agent = values.config === undefined ? await agentOf(values) : await agentIn(values.config);
      if (typeof agent === "string") return fail(1, agent);
      const { policy } = await readPresentPolicy(values.policy, process.env);
      return print(await manifestOf(agent, policy));
    } catch (error) {
      if (!(error instanceof ConfigError)) return fail(1, (error as Error).message);
      for (const { field, problem, fix } of error.problems) fail(1, `${field}: ${problem}. ${fix}`);
      return 1;
    }
  },
};

/** The agent, or why there is none. */
async function agentOf({ agent: id, "api-url": address, token }: Values): Promise<AgentToPrint | string> {
  const url = address ?? process.env.PAPERCLIP_API_URL ?? "http://127.0.0.1:3100";
  if (!URL.canParse(url)) return `${url} is no address.`;
  const list = await listAgents({
    url,
    token: token ?? process.env.PAPERCLIP_API_KEY ?? null,
    adapterType: ADAPTER_TYPE,
  });
  if (list.kind === "failed") return `${list.why}. ${list.fix}`;
  const found = list.agents.find((one) => one.agentId === id && one.task === null);
  if (!found) return `There is no agent ${id} of this adapter in ${url}.`;
  return found;
}

async function agentIn(file: string): Promise<AgentToPrint> {
  const content = file === "-" ? await text(process.stdin) : await readFile(file, "utf8");
  const config = parseYaml(content) as unknown;
  if (typeof config !== "object" || config === null || Array.isArray(config))
    throw new Error(`${file} is no map of settings.`);
  return { agentId: "agent", companyId: "company", name: "agent", config: config as Record<string, unknown> };
}

function print(words: string): number {
  process.stdout.write(words);
  return 0;
}

const fail = (code: number, message: string): number => failAs("manifest", code, message);
