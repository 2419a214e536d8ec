import { parseArgs } from "node:util";

export interface DemoOptions {
  readonly prompt: string;
  /** Null: the devcluster. */
  readonly cluster: {
    readonly kubeconfig: string;
    readonly context: string | null;
    readonly namespace: string | null;
    readonly image: string;
  } | null;
  readonly live: boolean;
  readonly model: string;
  readonly modelUrl: URL | null;
  /** The adapter's process is killed in mid-run. */
  readonly kill: boolean;
  readonly keep: boolean;
  readonly json: boolean;
  /** Null: as the terminal and NO_COLOR have it. */
  readonly color: boolean | null;
}

export type ReadOptions =
  | { readonly kind: "run"; readonly options: DemoOptions }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "wrong"; readonly problem: string; readonly fix: string };

const DEFAULT_PROMPT = "Find out where you are running, and tell me in one sentence.";
const SLOW_PROMPT = "Count to five, a second each, then tell me in one sentence where you are running.";
const DEFAULT_MODEL = "claude-sonnet-5";

const help = `One Claude Code run as a Kubernetes Job: created, followed, judged and cleaned up by the adapter.

Usage: npm run demo -- [options]

Without options it needs nothing: it starts an embedded cluster (the devcluster), and a scripted model
stands in for the Anthropic API. The Claude Code CLI is the real one, and its commands really run.

What runs
  --prompt TEXT         What to ask. The scripted model has its own story whatever you ask.
                        Default: "${DEFAULT_PROMPT}"
  --live                Talk to the real API, with your ANTHROPIC_API_KEY. This costs money.
  --model ID            Claude model. Default: ${DEFAULT_MODEL}
  --model-url URL       Where the model is, as pods see it. When something answers there, that is the model;
                        when nothing does and the address is this machine's, the scripted model listens there.

Where it runs
  --kubeconfig FILE     A real cluster instead of the devcluster. Needs --image.
  --context NAME        Context of the kubeconfig. Default: its current one.
  --namespace NAME      Namespace of the Job. Default: that of the context.
  --image IMAGE         Image with Claude Code (\`claude\` in PATH) for the pod.

What goes wrong
  --kill                Kill the adapter's process (kill -9) while Claude works; a new one takes the Job over.

What you see
  --keep                Keep Job, pod and Secret for a look with kubectl. On the devcluster: until Ctrl-C.
  --json                One JSON object a line instead of text.
  --color, --no-color   Default: colour in a terminal, unless NO_COLOR is set.
  --help                Show this.

Exit code: 0 the run succeeded, 1 it failed or could not start, 2 wrong usage; after a signal 128 and its number
(130 for Ctrl-C), 141 when nobody reads the output any more.
`;

const flags = {
  prompt: { type: "string" },
  live: { type: "boolean", default: false },
  model: { type: "string", default: DEFAULT_MODEL },
  "model-url": { type: "string" },
  kubeconfig: { type: "string" },
  context: { type: "string" },
  namespace: { type: "string" },
  image: { type: "string" },
  kill: { type: "boolean", default: false },
  keep: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  color: { type: "boolean" },
  help: { type: "boolean", short: "h", default: false },
} as const;

type Flags = ReturnType<typeof parseFlags>;

export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): ReadOptions {
  let values: Flags;
  try {
    values = parseFlags(args);
  } catch (error) {
    return wrong(
      (error as Error).message.replace(/\.? To specify a positional.*$/, ""),
      "`npm run demo -- --help` lists the options.",
    );
  }
  if (values.help) return { kind: "help", text: help };
  return problemOf(values, env) ?? { kind: "run", options: optionsOf(values) };
}

function parseFlags(args: readonly string[]) {
  return parseArgs({ args: [...args], options: flags, allowNegative: true, strict: true }).values;
}

function problemOf(values: Flags, env: NodeJS.ProcessEnv): ReadOptions | null {
  const lonely = (["context", "namespace", "image"] as const).find((name) => values[name] !== undefined);
  if (!values.kubeconfig && lonely)
    return wrong(
      `--${lonely} is about a real cluster, and none is named.`,
      "Add --kubeconfig FILE, such as ~/.kube/config.",
    );
  if (values.kubeconfig && !values.image)
    return wrong("A real cluster needs an image with Claude Code.", "Add --image IMAGE; `claude` must be in its PATH.");
  if (values.live && !env.ANTHROPIC_API_KEY)
    return wrong(
      "--live needs the variable ANTHROPIC_API_KEY, and it is not set.",
      "Set it, or leave --live away: the scripted model needs no key.",
    );
  if (values.prompt?.trim() === "") return wrong("--prompt is empty.", "Say what Claude is to do.");
  const url = values["model-url"];
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? ""))
    return wrong(
      `--model-url is no http or https address: ${url}`,
      "Give an address such as http://192.168.1.20:8090.",
    );
  return null;
}

function optionsOf(values: Flags): DemoOptions {
  const { kubeconfig, image } = values;
  return {
    prompt: values.prompt ?? (values.kill ? SLOW_PROMPT : DEFAULT_PROMPT),
    cluster:
      kubeconfig && image
        ? { kubeconfig, image, context: values.context ?? null, namespace: values.namespace ?? null }
        : null,
    live: values.live,
    model: values.model,
    modelUrl: values["model-url"] === undefined ? null : new URL(values["model-url"]),
    kill: values.kill,
    keep: values.keep,
    json: values.json,
    color: values.color ?? null,
  };
}

function wrong(problem: string, fix: string): ReadOptions {
  return { kind: "wrong", problem, fix };
}
