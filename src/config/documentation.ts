/** The text that Paperclip shows to agents and people who configure an agent of this adapter. */
import { fields, retiredKeys } from "./fields.ts";
import { platformFields } from "./platform-fields.ts";

const list = (table: Readonly<Record<string, { readonly hint: string }>>): string =>
  Object.entries(table)
    .map(([key, field]) => `- ${key}: ${field.hint}`)
    .join("\n");

export const agentConfigurationDoc = `# claude_k8s agent configuration

Runs Claude Code as a Kubernetes Job, one Job a run.

Settings of this adapter:
${list(fields)}

Settings that Paperclip shows for every agent:
${list(platformFields)}

Accepted and without effect: ${Object.keys(retiredKeys).join(", ")}.
`;
