/** The agent that a command is about. */
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { parse as parseYaml } from "yaml";
import { type as ADAPTER_TYPE } from "../../identity.ts";
import { listAgents } from "../../paperclip/agent-list.ts";
import { CommandError } from "../command-error.ts";
import { addressOf } from "../paperclip-address.ts";
import type { AgentValues } from "./agent-options.ts";

export interface ChosenAgent {
  readonly agentId: string;
  readonly companyId: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Of a file, or by its id; one that sets nothing where neither is named. Rejects with CommandError. */
export async function readAgent(values: AgentValues): Promise<ChosenAgent> {
  if (values.agent !== undefined) return agentOf(values.agent, values);
  const config = values.config === undefined ? {} : await readConfig(values.config);
  return { agentId: "agent", companyId: "company", name: "agent", config };
}

async function agentOf(id: string, values: AgentValues): Promise<ChosenAgent> {
  const { url, token } = addressOf(values, process.env);
  const list = await listAgents({ url, token, adapterType: ADAPTER_TYPE });
  if (list.kind === "failed") throw new CommandError(`${list.why}.`, list.fix);
  const found = list.agents.find((one) => one.agentId === id && one.task === null);
  if (!found) throw new CommandError(`There is no agent ${id} of this adapter in ${url}.`);
  return found;
}

async function readConfig(file: string): Promise<Record<string, unknown>> {
  let config: unknown;
  try {
    config = parseYaml(file === "-" ? await text(process.stdin) : await readFile(file, "utf8"));
  } catch (error) {
    throw new CommandError(
      `${file} cannot be read: ${(error as Error).message.split("\n")[0]}.`,
      "Correct the path or the file.",
    );
  }
  if (typeof config !== "object" || config === null || Array.isArray(config))
    throw new CommandError(`${file} is no map of settings.`, "Write it as Paperclip has an agent's configuration.");
  return config as Record<string, unknown>;
}
