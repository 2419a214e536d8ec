/** Writes docs/configuration.md from the same table that makes the form and the parser. A test holds it in step. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { HostField } from "../src/config/field.ts";
import { fields } from "../src/config/fields.ts";
import { hostFields } from "../src/config/host-fields.ts";
import { ineffective } from "../src/config/ineffective-keys.ts";
import {
  AWS_VARIABLES,
  AZURE_VARIABLES,
  GOOGLE_VARIABLES,
  MODEL_VARIABLE_GROUPS,
  PATH_VARIABLES,
} from "../src/config/model-variables.ts";

export const pagePath = fileURLToPath(new URL("../docs/configuration.md", import.meta.url));

const row = (keys: readonly string[], text: string): string => `| ${names(keys)} | ${text.replaceAll("|", "\\|")} |`;
const capital = (sentence: string): string => sentence.charAt(0).toUpperCase() + sentence.slice(1);
const names = (all: readonly string[]): string => all.map((name) => `\`${name}\``).join(", ");
const rows = (table: Readonly<Record<string, Pick<HostField, "hint">>>): string =>
  Object.entries(table)
    .map(([key, { hint }]) => row([key], hint))
    .join("\n");

export function configurationPage(): string {
  const without = Object.values(ineffective).map(({ keys, message, fix }) => row(keys, `${capital(message)}. ${fix}`));
  return `# What an agent may be configured with

Made by \`node scripts/configuration-page.ts\`; do not edit. A wrong value is refused with the field's name and what it takes; numbers, \`true\` and \`false\` may be written as text. A key that stands here nowhere has no effect: the run's notes and the environment test name it, with the setting that was probably meant.

A value beyond [the operator's policy](policy.md) is refused, with the rule. Without a policy that is every \`cluster\`, \`kubeconfig\`, \`kubeContext\` and \`namespace\` that is not Paperclip's own, every \`homeClaim\`, \`serviceAccountName\`, \`egress\`, \`labels\`, \`nodeSelector\` and \`tolerations\`, and amounts beyond [these](policy.md#defaults).

## Settings in this adapter's form

*Grace* and the pod's start stand under *Advanced Run Policy*, the others under *Configuration*.

| Key | What it does |
|---|---|
${rows(fields)}

\`resources: {limits: {memory: …}}\` and \`resources.limits.memory\` mean the same. What the pod's settings are for: [The pod](pod.md).

## Settings in Paperclip's own form

What stands in italics is the field's name on the page (2026.916.1).

| Key | What it does |
|---|---|
${rows(hostFields)}

## Accepted, and without effect

An agent keeps these when it comes from another adapter, or from version 0.1.53 of this one. What Paperclip keeps in a configuration for itself (\`access.ALIAS\`, \`paperclip…\`, \`workspaceStrategy\` …) works and is not named.

| Key | |
|---|---|
${without.join("\n")}

## What the operator decides

In the environment of Paperclip's own process; an agent's configuration cannot change it.

| Variable | What it does |
|---|---|
| \`PAPERCLIP_K8S_POLICY\` | Absolute path of [the policy](policy.md): what agents may set, where their Jobs go, how much they may use. Default: none, and its defaults hold. |
| \`PAPERCLIP_K8S_API_URL\` | Paperclip's address as a pod sees it (\`PAPERCLIP_API_URL\` in the pod). Default: the address Paperclip itself would give. |
| \`PAPERCLIP_K8S_INHERIT_ENV\` | More variables of Paperclip's process that pods get, with commas, \`*\` at the end for a prefix: \`GH_TOKEN,OPENAI_*,-ANTHROPIC_MODEL\`. \`-NAME\` takes one away. Default: what Claude Code needs to reach its model ([below](#what-a-pod-gets-from-paperclips-own-process)). |
| \`PAPERCLIP_K8S_AUTO_RECOVERY\` | \`off\`: a task whose run failed or was lost waits for a person ([why](paperclip.md#when-paperclip-restarts)). Default: it is continued, as for Paperclip's own Claude adapter. |
| \`PAPERCLIP_K8S_HELLO_PROBE\` | \`off\`: the environment test runs no Job ([what it is for](environment-test.md)). Default: it runs one, and removes it. |
| \`PAPERCLIP_K8S_PAGE\` | What a run's page is given: \`text\`, one readable block for each event, with the agent's stream-json in a file ([where](paperclip.md#what-a-runs-page-shows)); or \`stream-json\`, the agent's own lines. Default: \`text\` in Paperclip's server, \`stream-json\` in any other program. |
| \`PAPERCLIP_K8S_METRICS\` | Address and port on which Paperclip's server serves [metrics](metrics.md) to Prometheus: \`127.0.0.1:9464\`. Whoever reaches it reads them. Default: none are served. |
| \`PAPERCLIP_NAMESPACE\`, \`POD_NAMESPACE\` | The namespace of Paperclip's own pod. Default: that of its service account. |
| \`PAPERCLIP_K8S_POD\`, \`POD_NAME\` | The name of Paperclip's own pod. Default: \`HOSTNAME\`, else the pod with this machine's address. |
| \`PAPERCLIP_K8S_CONTAINER\` | Paperclip's container in it. Default: \`paperclip\`, and others as [The pod](pod.md#what-comes-from-paperclips-own-pod) has it. |
| \`PAPERCLIP_HOME\` | Where Paperclip's pod has its home; the claim mounted there is taken over. Default: /paperclip. |

## What a pod gets from Paperclip's own process

These variables, where Paperclip's process has them, through the run's Secret; the agent's own environment goes before them:

| For | Variables |
|---|---|
${Object.entries(MODEL_VARIABLE_GROUPS)
  .map(([title, all]) => `| ${title} | ${names(all)} |`)
  .join("\n")}

Besides, with Bedrock ${names(AWS_VARIABLES)}; with Vertex ${names(GOOGLE_VARIABLES)}; with Foundry ${names(AZURE_VARIABLES)}; with \`CLAUDE_CODE_ENABLE_TELEMETRY\` \`OTEL_*\`. ${names(PATH_VARIABLES)}, and with Vertex \`GOOGLE_APPLICATION_CREDENTIALS\`, where the path lies in a folder of Paperclip's home that the pod sees; else the run's notes name them.

Nothing of a Claude Code session that Paperclip itself was started from (\`CLAUDECODE\`, \`CLAUDE_CODE_ENTRYPOINT\`, \`CLAUDE_CODE_SSE_PORT\`, \`CLAUDE_CODE_SESSION_ID\` …), and nothing that signs or stores for Paperclip, unless \`PAPERCLIP_K8S_INHERIT_ENV\` has the exact name: a prefix does not reach those.

## What a pod gets from Paperclip's own pod

When Paperclip runs in the cluster that the Jobs go to, in a pod ([which](pod.md#what-comes-from-paperclips-own-pod)): its image, pull secrets, node selector, tolerations, node affinity, DNS settings, user and groups, and the claim mounted at its home. What the agent sets itself wins. A claim and pull secrets are taken over only within one namespace.
`;
}

if (import.meta.main) await writeFile(pagePath, configurationPage());
