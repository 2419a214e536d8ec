import { ConfigError } from "../../config/config-error.ts";
import { printPolicy } from "../../policy/print-policy.ts";
import { policyJsonSchema } from "../../policy/rule-names.ts";
import type { Command } from "../command.ts";
import { fail as failAs, parseOptions } from "../options.ts";
import { configMapOf } from "../policy/config-map.ts";
import { readPresentPolicy } from "../policy/read-present.ts";
import { suggestPolicy } from "../policy/suggest-policy.ts";

const help = `claude-k8s policy: the operator's rules on what agents may do (docs/policy.md)

Usage: claude-k8s policy [FILE]
       claude-k8s policy suggest [--configmap] > policy.yaml
       claude-k8s policy --schema

Prints the policy in force, every rule with its line in the file or as a default; exits with 1 and the lines when it is
broken. In force is the file that PAPERCLIP_K8S_POLICY names in this environment, so ask where Paperclip runs:
  kubectl exec deploy/paperclip -- node PACKAGE/dist/bin.js policy
FILE (or - for stdin) is checked for what it says, not for where it lies and who may write it.

\`suggest\` reads all agents of this Paperclip, and the open tasks that override their configuration, and prints the policy
under which they go on, with what each rule is for. Read it before you apply it. It changes nothing.

Options of suggest:
  --api-url URL        Paperclip's address. Default: PAPERCLIP_API_URL, else http://127.0.0.1:3100.
  --token KEY          A board API key of somebody who may see all companies (POST /api/board-api-keys). Default:
                       PAPERCLIP_API_KEY, else none: a Paperclip in the mode local_trusted asks for none. An agent's key
                       is not enough.
  --policy FILE        The policy of now, which is kept. Default: the one in force.
  --kubeconfig FILE    Paperclip's own kubeconfig, which agents may name without a rule. Default: KUBECONFIG.
  --namespace NAME     Paperclip's own namespace, the same. Default: that of this pod.
  --configmap          Print it as a ConfigMap for \`kubectl apply -f -\`.

Other options:
  --schema             Print the JSON Schema of the file, for editors.
  --help               Show this.
`;

const options = {
  schema: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
  configmap: { type: "boolean", default: false },
  "api-url": { type: "string" },
  token: { type: "string" },
  policy: { type: "string" },
  kubeconfig: { type: "string" },
  namespace: { type: "string" },
} as const;

type Values = Extract<ReturnType<typeof parse>, { values: unknown }>["values"];

export const policy: Command = {
  summary: "print and check the operator's policy, or suggest one",

  async run(args) {
    const parsed = parse(args);
    if (typeof parsed === "string") return fail(2, parsed);
    const { values, positionals } = parsed;
    if (values.help) return print(help);
    if (values.schema) return print(`${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
    const [first, ...more] = positionals;
    if (more.length > 0) return fail(2, "it takes one file, or `suggest`. `--help` shows how.");
    try {
      return await (first === "suggest" ? runSuggest(values) : runShow(first));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const { field, problem, fix } of error.problems) fail(1, `${field}: ${problem}. ${fix}`);
      return 1;
    }
  },
};

async function runShow(file: string | undefined): Promise<number> {
  const { policy: present, parsed, sentence } = await readPresentPolicy(file, process.env);
  const { PAPERCLIP_K8S_INHERIT_ENV: inherited } = process.env;
  const also = inherited ? `# environment: beside it PAPERCLIP_K8S_INHERIT_ENV=${inherited}\n` : "";
  return print(`# ${sentence}\n${printPolicy(present, parsed?.lineOf ?? (() => null))}${also}`);
}

async function runSuggest(values: Values): Promise<number> {
  const { env } = process;
  const url = values["api-url"] ?? env.PAPERCLIP_API_URL ?? "http://127.0.0.1:3100";
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return fail(2, `${url} is no http address.`);
  const found = await suggestPolicy({
    url: url.replace(/\/+$/, ""),
    token: values.token ?? env.PAPERCLIP_API_KEY ?? null,
    present: await readPresentPolicy(values.policy, env),
    kubeconfig: values.kubeconfig ?? null,
    namespace: values.namespace ?? null,
    env,
  });
  if (found.kind === "failed") return fail(1, `${found.why}. ${found.fix}`);
  for (const line of found.said) fail(0, line);
  if (found.leftOut > 0)
    fail(0, `${found.leftOut} of them cannot go on as they are configured; the head of the policy says why.`);
  return print(values.configmap ? configMapOf(found.text, values.namespace ?? null) : found.text);
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

const fail = (code: number, message: string): number => failAs("policy", code, message);

const parse = (args: readonly string[]) => parseOptions({ args: [...args], options, allowPositionals: true });
