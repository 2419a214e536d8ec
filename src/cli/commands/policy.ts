import { defineCommand } from "../command.ts";
import { UsageError } from "../command-error.ts";
import { note, print, printJson } from "../output.ts";
import { addressOf } from "../paperclip-address.ts";

const help = `claude-k8s policy: the operator's rules for agents (docs/policy.md)

Usage: claude-k8s policy [FILE] [--json]
       claude-k8s policy suggest [options] > policy.yaml
       claude-k8s policy --schema

Prints the policy in force, each rule with its line or as a default; exits with
1 and the lines where it is broken. In force is what PAPERCLIP_K8S_POLICY names:
ask where Paperclip runs. FILE (- is stdin) is checked for what it says, not for
where it lies. \`suggest\` reads all agents and prints the policy under which
they go on as they are, with what each rule is for. It changes nothing.

Options of suggest:
  --api-url URL      Paperclip's. Default: PAPERCLIP_API_URL, 127.0.0.1:3100.
  --token KEY        A board API key (POST /api/board-api-keys) of somebody who
                     sees all companies. Default: PAPERCLIP_API_KEY, else none.
  --policy FILE      The policy of now, which is kept. Default: that in force.
  --kubeconfig FILE  Paperclip's own: it needs no rule. Default: KUBECONFIG.
  --namespace NAME   Paperclip's own, the same. Default: that of this pod.
  --configmap        Print it as a ConfigMap for \`kubectl apply -f -\`.
Others: --schema (JSON Schema of the file, for editors), --json, --help.
`;

export const policy = defineCommand({
  help,
  options: {
    schema: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    configmap: { type: "boolean", default: false },
    "api-url": { type: "string" },
    token: { type: "string" },
    policy: { type: "string" },
    kubeconfig: { type: "string" },
    namespace: { type: "string" },
  },
  takes: { least: 0, most: 1, what: "one file, or `suggest`" },
  words: ["suggest"],

  async run(values, [first]) {
    if (values.schema) {
      const { policyJsonSchema } = await import("../../policy/rule-names.ts");
      return printJson(policyJsonSchema());
    }
    return first === "suggest" ? runSuggest(values) : runShow(first, values.json);
  },
});

async function runShow(file: string | undefined, json: boolean): Promise<number> {
  const { readPresentPolicy } = await import("../policy/read-present.ts");
  const { policy: present, parsed, sentence } = await readPresentPolicy(file, process.env);
  if (json) return printJson(present);
  const { printPolicy } = await import("../../policy/print-policy.ts");
  const { PAPERCLIP_K8S_INHERIT_ENV: inherited } = process.env;
  const also = inherited ? `# environment: beside it PAPERCLIP_K8S_INHERIT_ENV=${inherited}\n` : "";
  return print(`# ${sentence}\n${printPolicy(present, parsed?.lineOf ?? (() => null))}${also}`);
}

interface SuggestValues {
  readonly json: boolean;
  readonly configmap: boolean;
  readonly policy?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly namespace?: string | undefined;
}

async function runSuggest(values: SuggestValues & Parameters<typeof addressOf>[0]): Promise<number> {
  const { env } = process;
  if (values.json) throw new UsageError("the suggestion is a file with comments, which JSON has not.");
  const { url, token } = addressOf(values, env);
  const { readPresentPolicy } = await import("../policy/read-present.ts");
  const { suggestPolicy } = await import("../policy/suggest-policy.ts");
  const found = await suggestPolicy({
    url,
    token,
    present: await readPresentPolicy(values.policy, env),
    kubeconfig: values.kubeconfig ?? null,
    namespace: values.namespace ?? null,
    env,
  });
  if (found.kind === "failed") {
    note("policy", `${found.why}. ${found.fix}`);
    return 1;
  }
  for (const line of found.said) note("policy", line);
  if (found.leftOut > 0)
    note("policy", `${found.leftOut} of them cannot go on as they are configured; the head of the policy says why.`);
  if (!values.configmap) return print(found.text);
  const { configMapOf } = await import("../policy/config-map.ts");
  return print(configMapOf(found.text, values.namespace ?? null));
}
