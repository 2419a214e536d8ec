/** Writes docs/policy.md from the schema that makes the parser. A test holds it in step. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { withDefaults } from "../src/policy/defaults.ts";
import { printPolicy } from "../src/policy/print-policy.ts";
import { policyJsonSchema } from "../src/policy/rule-names.ts";

export const policyPagePath = fileURLToPath(new URL("../docs/policy.md", import.meta.url));

const examples = new URL("../docs/policies/", import.meta.url);

/** Examples, each a file that a test holds to what the page says of it. */
export const policyExamples = {
  "company.yaml": "A company: images from its registry, a volume for each agent, a ceiling on time and memory",
  "clusters.yaml": "Several clusters, by name",
  "full.yaml": "One person, who trusts the agents",
} as const;

export const readExample = (name: string): string => readFileSync(new URL(name, examples), "utf8");

interface SchemaNode {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

function table(node: SchemaNode | undefined, prefix = ""): string {
  const rows = Object.entries(node?.properties ?? {}).map(
    ([name, { description = "" }]) => `| \`${prefix}${name}\` | ${cell(description)} |`,
  );
  return ["| Rule | What it does |", "|---|---|", ...rows].join("\n");
}

const defaultsOf = (trust: "bounded" | "full"): string =>
  printPolicy(withDefaults(trust === "full" ? { trust } : {}, null, []), () => null)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.replace(/ +# (default|line \d+)$/, ""))
    .join("\n");

export function policyPage(): string {
  const schema = policyJsonSchema() as SchemaNode;
  const { clusters, allow, limits, pod, git, workspaceClaims } = schema.properties ?? {};
  const cluster = typeof clusters?.additionalProperties === "object" ? clusters.additionalProperties : undefined;
  const shown = Object.entries(policyExamples).map(
    ([name, title]) => `### ${title}\n\n\`\`\`yaml\n${readExample(name).trimEnd()}\n\`\`\``,
  );
  return `# The policy: what agents may do

Made by \`node scripts/policy-page.ts\`; do not edit.

An agent's configuration is not the operator's word: the agent itself, agents that hire, whoever creates a task for it and whoever presses *Test* can change it. The policy is. It is one YAML file that \`PAPERCLIP_K8S_POLICY\` names in the environment of Paperclip; without it the [defaults](#defaults) hold. A run, the environment test and what looks after lost runs hold every configuration to it, in the same way ([why](decisions/0016-one-policy-of-the-operators.md)).

What is beyond it is refused, never ignored. The run's error (\`k8s_policy_refused\`) says what was asked, what is allowed, and the lines to add:

\`\`\`text
serviceAccountName: is "deployer", beyond the operator's policy: of allow.serviceAccounts it allows claude-agent. Unset it, or add to /etc/paperclip-k8s/policy.yaml: allow: {serviceAccounts: [deployer]}
\`\`\`

## Begin

<!-- run by: e2e/test/install.test.ts -->
\`\`\`sh
claude-k8s policy suggest > policy.yaml              # read all agents; print the policy under which they go on
claude-k8s policy policy.yaml                        # check a file: every rule, its line or that it is a default
claude-k8s policy suggest --configmap | kubectl apply -f -
\`\`\`

\`claude-k8s\` is the package's command: \`npx -p paperclip-adapter-claude-k8s claude-k8s\`, or where Paperclip runs \`node PACKAGE/dist/bin.js\`. \`suggest\` asks Paperclip's API (\`--api-url\`). In the mode \`local_trusted\` Paperclip wants no key; in \`authenticated\` give a board API key (\`--token\`, or \`PAPERCLIP_API_KEY\`) of somebody who may see all companies: \`POST /api/board-api-keys\`, signed in. It prints each rule with who needs it and what it opens, and marks with \`LOOK\` what should not be applied unread. It sees what Paperclip's API shows: a value that looks like a credential is hidden there (\`a.b.c\` does), and is named as not read.

Paperclip's Deployment mounts it once (\`deploy/kustomize/policy\` has this patch, and [a policy to begin with](deploy.md)):

<!-- not run: patches a Deployment of the reader's, and the devcluster has no Deployments; test/deploy builds the patch -->
\`\`\`sh
kubectl -n paperclip patch deployment paperclip --patch-file deploy/kustomize/policy/server.yaml
\`\`\`

A change holds for the next run, without a restart; running ones have passed already. A broken file refuses every new run with the line that is wrong (\`k8s_policy_invalid\`): half a policy does not exist. A file that lies in Paperclip's home, or that others than its owner can write, is refused as well.

## Rules

${table(schema)}

### \`clusters.NAME\`

${table(cluster)}

An agent names a cluster with \`cluster: NAME\`. One of before may go on naming the \`kubeconfig\` and \`kubeContext\`, where a cluster has just these.

### \`allow\`

${allow?.description ?? ""} An id stands for itself: what looks like a pattern in it is none.

${table(allow)}

### \`limits\`

${limits?.description ?? ""} A request below \`min\` or above \`max\` is refused.

${table(limits)}

### \`workspaceClaims\`

See [Workspace](workspace.md).

${table(workspaceClaims)}

### \`git\`

See [The clone](clone.md#the-login).

${table(git)}

### \`pod\`

${pod?.description ?? ""}

${table(pod)}

## Defaults

Without a file:

\`\`\`yaml
${defaultsOf("bounded")}
\`\`\`

With \`trust: full\`, of what the file does not name:

\`\`\`yaml
${defaultsOf("full")}
\`\`\`

\`{}\` has no bounds. Beside its cluster's default namespace an agent may name those of \`namespaces\`.

## Examples

For completion and checks in an editor, the first line names the schema; the package has it too (\`paperclip-adapter-claude-k8s/policy.schema.json\`, \`claude-k8s policy --schema\`).

${shown.join("\n\n")}

## The environment test

*Test* names the policy in force, and each setting that it refuses with the lines to add. It is held to the policy as a run is. Its page has a configuration and no agent: what a rule gives to one agent alone (\`claude-{agentId}\`) can be decided for a run only. The test says so, and starts no pod with it.

## What it does not hold

It knows what a configuration says; not what an image does, where a label leads, or who else uses a claim. The cluster's own [walls](deploy.md) hold that, and [Trust](trust.md) says what is open.
`;
}

if (import.meta.main) await writeFile(policyPagePath, policyPage());
