/** `doctor`: the environment test in the terminal. */
import type { AdapterEnvironmentCheck } from "@paperclipai/adapter-utils";
import { testEnvironment } from "../../doctor/test-environment.ts";
import { type as ADAPTER_TYPE } from "../../identity.ts";
import type { Scope } from "../../operate/look/scope.ts";
import { readSurroundings } from "../../operate/look/surroundings.ts";
import type { AgentValues } from "../manifest/agent-options.ts";
import { readAgent } from "../manifest/read-agent.ts";
import { note, print, printJson } from "../output.ts";
import { readPresentPolicy } from "../policy/read-present.ts";
import { type Fact, facts } from "../terminal/facts.ts";
import { listenForInterruption } from "../terminal/interruption.ts";
import { openWaiting } from "../terminal/waiting.ts";

export interface DoctorValues extends AgentValues {
  readonly policy?: string | undefined;
  readonly probe: boolean;
  readonly json: boolean;
}

export async function examine(scope: Scope, values: DoctorValues): Promise<number> {
  using waiting = openWaiting();
  // A test that is interrupted leaves its Job to the next one.
  listenForInterruption().addEventListener("abort", () => process.exit(130));
  const agent = await readAgent(values);
  const env = values.probe ? process.env : { ...process.env, PAPERCLIP_K8S_HELLO_PROBE: "off" };
  const { deps } = await readSurroundings(scope, env, (message) => note("doctor", message));
  waiting.show(values.probe ? "testing the environment, with a Job that says hello" : "testing the environment");
  const policy = values.policy;
  const result = await testEnvironment(
    { adapterType: ADAPTER_TYPE, companyId: agent.companyId, config: { ...agent.config } },
    {
      ...deps,
      ...(policy === undefined ? {} : { readPolicy: async () => (await readPresentPolicy(policy, env)).policy }),
    },
  );
  waiting.hide();
  if (values.json) printJson(result);
  else print(`${facts(result.checks.flatMap(factsOf), process.stdout).join("\n")}\n${SUMMARY[result.status]}\n`);
  return result.status === "fail" ? 1 : 0;
}

const SUMMARY = {
  pass: "A run of this agent would work.",
  warn: "A run of this agent would work, with the warnings above.",
  fail: "A run of this agent would not work: see what is wrong above.",
} as const;

const NAMES = { info: "ok", warn: "warning", error: "wrong" } as const;

function factsOf({ level, message, hint }: AdapterEnvironmentCheck): readonly Fact[] {
  const tone = level === "error" ? ({ tone: "bad" } as const) : {};
  return [{ name: NAMES[level], text: message, ...tone }, ...(hint ? [{ name: "fix", text: hint }] : [])];
}
