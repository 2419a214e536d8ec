/** Writes docs/command-line.md from what `--help` says. A test holds it in step. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { commands, overview } from "../src/cli/commands.ts";

export const commandLinePagePath = fileURLToPath(new URL("../docs/command-line.md", import.meta.url));

const block = (text: string): string => `\`\`\`text\n${text.trimEnd()}\n\`\`\``;

export async function commandLinePage(): Promise<string> {
  const helps = await Promise.all(
    Object.entries(commands).map(async ([name, { load }]) => `## ${name}\n\n${block((await load()).help)}`),
  );
  return `# The command line

Made by \`npx node scripts/command-line-page.ts\`; do not edit. \`claude-k8s\` is in the adapter's package: \`$PAPERCLIP_HOME/adapter-plugins/node_modules/.bin/claude-k8s\` where Paperclip has installed it, or on a laptop \`npx -p paperclip-adapter-claude-k8s claude-k8s\`.

${block(overview)}

**Where it runs.** On a laptop with a kubeconfig, as kubectl finds it: it needs \`get\`, \`list\` and \`watch\` on Jobs and pods and \`get\` on \`pods/log\`; \`list\` on events to say why a pod waits, the three optional rights of [queues](queue.md#why-it-waits) to say at which place, \`get\` on Secrets to prove whose a Job is, \`patch\` on Jobs for \`stop\`, \`delete\` on them for \`gc\`, which also looks at Secrets and claims where it may \`list\` them, and removes them where it may \`delete\` them. Paperclip's own account has these but for lists of Secrets, the optional ones where you have granted them ([\`deploy/rbac.yaml\`](../deploy/rbac.yaml)). Without one of them the command says which, and does what it can. In Paperclip's pod it is that account, and knows the policy, its places and the kept transcripts: \`kubectl exec deploy/paperclip -- claude-k8s ps -A\` with the path from above.

**Whose runs.** In Paperclip's pod: that Paperclip's, by its database or the policy's \`instance\`. Elsewhere the only one that has Jobs there; where several have, it asks for \`--instance\` ([why there is a label](decisions/0018-whose-job-it-is.md)). \`stop\` and \`gc\` act on no Job that proves to be another's.

**RUN** is the first of these that fits: a run's id; a Job's or a pod's name, also as \`job/NAME\`; the run that a Job was adopted from; a task's id; the beginning of a run's or a task's id, four characters at least. Where several fit they are listed, and nothing is done.

**Errors** are one line on stderr: \`claude-k8s COMMAND: what happened. What to do.\` What was asked for is on stdout, and nothing else; \`--json\` gives the same as JSON. With \`--json\` an error is there too, in the answer's place: \`{"error": {"problems": [{"message", "fix"}], "exitCode"}}\`.

**The same code.** \`logs\` reads through the adapter's own follower, \`why\` and \`stop\` judge by its verdict, \`gc\` by its supervisor's rules ([decision 26](decisions/0026-the-operators-command-line.md)).

**A company that was deleted** in Paperclip takes its agents along, and nothing there proves it any more: to a key Paperclip says what it says of a company that the key may not see (403), without a login what any other Paperclip would say of it (404). So \`gc\` lists the claims and homes of its agents as not known, with the company's id, and removes them never. If it was you who deleted the company, its claims go with

\`\`\`sh
kubectl get pvc -l app.kubernetes.io/component=workspace,paperclip.io/company-id=COMPANY -L paperclip.io/agent-id
kubectl delete pvc -l app.kubernetes.io/component=workspace,paperclip.io/company-id=COMPANY
\`\`\`

and the homes are the folder \`claude_k8s/homes/COMPANY\` of Paperclip's home. \`idleDays\` of the [policy](workspace.md#a-claim) takes such claims without a word of Paperclip.

${helps.join("\n\n")}
`;
}

if (import.meta.main) await writeFile(commandLinePagePath, await commandLinePage());
