/** Writes docs/configuration.md from the same table that makes the form and the parser. A test holds it in step. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Field, fields, retiredKeys } from "../src/config/fields.ts";
import { platformFields } from "../src/config/platform-fields.ts";

export const pagePath = fileURLToPath(new URL("../docs/configuration.md", import.meta.url));

const row = (key: string, hint: string): string => `| \`${key}\` | ${hint.replaceAll("|", "\\|")} |`;

export function configurationPage(): string {
  const own = Object.entries<Pick<Field, "hint">>(fields).map(([key, { hint }]) => row(key, hint));
  const platform = Object.entries(platformFields).map(([key, { hint }]) => row(key, hint));
  const retired = Object.entries(retiredKeys).map(([key, why]) => row(key, `No effect any more: ${why}.`));
  return `# What an agent may be configured with

Made by \`node scripts/configuration-page.ts\`; do not edit. A key that stands here nowhere is refused with its name, and a wrong value with the field's name and what it takes.

## Settings of this adapter

| Key | What it does |
|---|---|
${own.join("\n")}

\`resources: {limits: {memory: …}}\` and \`resources.limits.memory\` mean the same.

## Settings that Paperclip shows for every agent

| Key | What it does |
|---|---|
${platform.join("\n")}

## Accepted, so that agents of version 0.1.53 keep working

| Key | |
|---|---|
${retired.join("\n")}

## What the operator decides

In the environment of Paperclip's own process; an agent's configuration cannot change it.

| Variable | What it does |
|---|---|
| \`PAPERCLIP_K8S_API_URL\` | Paperclip's address as a pod sees it (\`PAPERCLIP_API_URL\` in the pod). Default: the address Paperclip itself would give. |
| \`PAPERCLIP_K8S_INHERIT_ENV\` | More variables of Paperclip's process that pods get, with commas, \`*\` at the end for a prefix: \`GH_TOKEN,OPENAI_*\`. Default: only what Claude Code needs to reach its model (\`ANTHROPIC_*\`, \`CLAUDE_CODE_*\`, \`CLOUD_ML_REGION\`, proxies; with Bedrock also its \`AWS_*\` keys and region). |
| \`PAPERCLIP_K8S_AUTO_RECOVERY\` | \`off\`: a task whose run failed or was lost waits for a person ([why](paperclip.md#when-paperclip-restarts)). Default: it is continued, as for Paperclip's own Claude adapter. |
| \`PAPERCLIP_K8S_HELLO_PROBE\` | \`off\`: the environment test runs no Job ([what it is for](environment-test.md)). Default: it runs one, and removes it. |
| \`PAPERCLIP_K8S_PAGE\` | What a run's page is given: \`words\`, one readable block for each event, with the agent's stream-json in a file ([where](paperclip.md#what-a-runs-page-shows)); or \`stream-json\`, the agent's own lines. Default: \`words\` in Paperclip's server, \`stream-json\` in any other program. |
| \`PAPERCLIP_NAMESPACE\`, \`POD_NAMESPACE\` | The namespace of Paperclip's own pod; its name is \`HOSTNAME\`. Default: that of its service account. |
| \`PAPERCLIP_HOME\` | Where Paperclip's pod has its home; the claim mounted there is taken over. Default: /paperclip. |

## What a pod gets from Paperclip's own pod

When Paperclip runs in the cluster that the Jobs go to, in a pod with a container named \`paperclip\`: its image, pull secrets, node selector, tolerations, node affinity, DNS settings, user and groups, and the claim mounted at its home. What the agent sets itself wins. A claim and pull secrets are taken over only within one namespace.
`;
}

if (import.meta.main) await writeFile(pagePath, configurationPage());
