/** A cloud that serves the model in Anthropic's place, by the switches that Claude Code (2.1.330) knows. Pure. */
import type { AdapterEnvironmentCheck } from "@paperclipai/adapter-utils";
import { info, problem } from "./check.ts";

interface Provider {
  readonly name: string;
  readonly code: string;
  readonly switches: readonly string[];
  /** Of each group one is needed. */
  readonly needs: readonly (readonly string[])[];
  /** With this the credential comes from elsewhere, such as a gateway. */
  readonly skip: string;
}

const PROVIDERS: readonly Provider[] = [
  {
    name: "Amazon Bedrock",
    code: "claude_bedrock_auth",
    switches: ["CLAUDE_CODE_USE_BEDROCK", "ANTHROPIC_BEDROCK_BASE_URL"],
    needs: [
      ["AWS_REGION", "AWS_DEFAULT_REGION"],
      ["AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_PROFILE"],
    ],
    skip: "CLAUDE_CODE_SKIP_BEDROCK_AUTH",
  },
  {
    name: "Google Vertex AI",
    code: "claude_vertex_auth",
    switches: ["CLAUDE_CODE_USE_VERTEX"],
    needs: [["CLOUD_ML_REGION"], ["ANTHROPIC_VERTEX_PROJECT_ID"], ["GOOGLE_APPLICATION_CREDENTIALS"]],
    skip: "CLAUDE_CODE_SKIP_VERTEX_AUTH",
  },
  {
    name: "Microsoft Foundry",
    code: "claude_foundry_auth",
    switches: ["CLAUDE_CODE_USE_FOUNDRY"],
    needs: [["ANTHROPIC_FOUNDRY_RESOURCE", "ANTHROPIC_FOUNDRY_BASE_URL"], ["ANTHROPIC_FOUNDRY_API_KEY"]],
    skip: "CLAUDE_CODE_SKIP_FOUNDRY_AUTH",
  },
];

/** Null when no such switch is set. `sourceOf`: whose variable it is, in words. */
export function providerOf(
  env: Readonly<Record<string, string>>,
  sourceOf: (name: string) => string,
): AdapterEnvironmentCheck[] | null {
  for (const { name, code, switches, needs, skip } of PROVIDERS) {
    const by = switches.find((variable) => isOn(variable, env[variable]));
    if (!by) continue;
    const message = `Claude Code uses ${name}: ${by} is set in ${sourceOf(by)}.`;
    const missing = isOn(skip, env[skip])
      ? []
      : needs.filter((group) => !group.some((variable) => env[variable]?.trim()));
    if (missing.length === 0) return [info(code, message)];
    const what = missing.map((group) => group.join(" or ")).join(", and ");
    const fix = `Set ${what} in the agent's environment variables, unless its pod has the same from its node or service account.`;
    return [problem("warn", code, `${message} Not set: ${what}.`, fix)];
  }
  return null;
}

/** A switch is on by 1 or true, an address by being there. */
function isOn(variable: string, value = ""): boolean {
  return variable.endsWith("_URL") ? value.trim() !== "" : ["1", "true"].includes(value.trim().toLowerCase());
}
