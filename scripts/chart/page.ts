/** The chart's README: how it is used, and a table of its values. */
import type { Value } from "./values.ts";

const cell = (text: string): string => text.replaceAll("|", "\\|");

function row({ key, description, default: given }: Value): string {
  const shown = given === "" ? "" : `\`${cell(JSON.stringify(given))}\``;
  return `| \`${key}\` | ${cell(description)} | ${shown} |`;
}

const leaves = (value: Value): readonly Value[] => value.values?.flatMap(leaves) ?? [value];

function section(value: Value): string {
  const rows = leaves(value).map(row);
  const head = value.values === null ? "" : `${value.description}\n\n`;
  return `### \`${value.key}\`\n\n${head}| Value | What it is | Default |\n|---|---|---|\n${rows.join("\n")}`;
}

export function chartPage(values: readonly Value[]): string {
  return `# The chart

Made by \`node scripts/chart.ts\` from values.yaml; do not edit.

What a Paperclip in the cluster needs so that its agents run as Jobs: a namespace for agents [with walls](../../docs/deploy.md), the rights of Paperclip's account in it, and [the operator's policy](../../docs/policy.md). With Helm (4.1 is tried), in the namespace of Paperclip:

\`\`\`sh
helm install claude-k8s deploy/chart --namespace paperclip
\`\`\`

The folder comes with the package (\`node_modules/paperclip-adapter-claude-k8s/deploy/chart\`). What is printed then are the two steps that are left: a patch that tells your Paperclip where its policy is and agents where Paperclip is, and the adapter's installation in Paperclip.

## Three ways

**You have a Paperclip in the cluster.** The above. Say how it is called where it is not \`paperclip\`: \`paperclip.name\`, \`kind\`, \`container\`, \`serviceAccount\`, \`port\`.

**You bring one along.** \`paperclip.enabled\` and \`paperclip.image\` install a whole Paperclip: one replica with an embedded database on its own claim, for people who sign in: the first who signs up may claim the instance, and administers it. There is no default image; what yours starts with is its own, or \`paperclip.command\`.

<!-- first: helm uninstall claude-k8s --namespace paperclip -->
\`\`\`sh
helm install claude-k8s deploy/chart --namespace paperclip --create-namespace --set paperclip.enabled=true --set paperclip.image=IMAGE
\`\`\`

**Agents in Paperclip's own namespace**, where they have [private homes](../../docs/trust.md#private-homes) on its claim: \`--set agents.namespace=paperclip\`. Pod Security, quota and limits of that namespace stay yours.

## Upgrade

\`helm upgrade\` with the values of before (\`--reuse-values\`, or your file). Jobs that run are not touched. A changed policy holds for the next run, as soon as the kubelet has written it into Paperclip's pod (about a minute).

## Uninstall

Agents that still work lose their network policies, and Paperclip its rights to look after them: stop them first. The agents' namespace, every claim, and the Secret of the chart's Paperclip are **kept**, with what is in them; delete them yourself when nobody needs the agents' files and sessions.

<!-- first: kubectl -n claude-agents create job of-an-agent --image=IMAGE --dry-run=client -o yaml | kubectl label --local -f - paperclip.io/adapter-type=claude_k8s -o yaml | kubectl apply -f - -->
\`\`\`sh
kubectl -n claude-agents get jobs -l paperclip.io/adapter-type=claude_k8s
helm uninstall claude-k8s --namespace paperclip
kubectl get namespace claude-agents
\`\`\`

The same release name in the same namespace takes over what was kept.

## Values

A value that the schema does not know is refused, so is a rule that the policy does not know.

${values.map(section).join("\n\n")}
`;
}
