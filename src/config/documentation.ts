/** The text that Paperclip shows to agents and people who configure an agent of this adapter. */
import type { HostField } from "./field.ts";
import { fields } from "./fields.ts";
import { hostFields } from "./host-fields.ts";
import { ineffective } from "./ineffective-keys.ts";

const list = (table: Readonly<Record<string, Pick<HostField, "hint">>>): string =>
  Object.entries(table)
    .map(([key, field]) => `- ${key}: ${field.hint}`)
    .join("\n");

export const agentConfigurationDoc = `# claude_k8s agent configuration

Runs Claude Code as a Kubernetes Job, one Job a run.

Settings of this adapter:
${list(fields)}

Settings of Paperclip's own form and API:
${list(hostFields)}

Without effect, and named in the run's notes: ${Object.values(ineffective)
  .flatMap(({ keys }) => keys)
  .join(", ")}.
`;
