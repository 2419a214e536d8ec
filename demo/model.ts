import { DemoError } from "./demo-error.ts";
import type { DemoOptions } from "./options.ts";
import { type Script, type ScriptedModel, startScriptedModel } from "./scripted-model/index.ts";
import { storyFor } from "./story.ts";
import { addressTowards, httpUrl, isThisMachine, loopbackAddress } from "./this-machine.ts";

/** The model that the agent will talk to. */
export interface Model {
  readonly kind: "scripted" | "live" | "given";
  /** Null: the Anthropic API's own address. */
  readonly url: string | null;
  /** One sentence for the user: which model, and where. */
  readonly sentence: string;
  /** Variables that lead Claude Code there. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Where pods run, as far as it decides which address of this machine they can reach. */
export interface PodsAt {
  /** True when pods are processes of this machine. */
  readonly local: boolean;
  readonly apiServerHost: string;
}

export interface ModelChoice extends Pick<DemoOptions, "live" | "modelUrl" | "kill"> {
  /** The user's own key; only the live model gets it. */
  readonly apiKey: string | null;
}

/** Throws DemoError when no model can be reached or started. */
export async function openModel(choice: ModelChoice, pods: PodsAt): Promise<Model> {
  const { live, modelUrl, apiKey } = choice;
  const script = storyFor(choice);
  if (live) return liveModel(modelUrl, apiKey ?? "");
  if (modelUrl === null) return pods.local ? scriptedHere(script) : scriptedTowards(pods.apiServerHost, script);
  return (await answers(modelUrl)) ? givenModel(modelUrl) : scriptedAt(modelUrl, script);
}

function liveModel(url: URL | null, key: string): Model {
  const base = url?.href.replace(/\/$/, "") ?? null;
  return {
    kind: "live",
    url: base,
    sentence: `the real one at ${base ?? "api.anthropic.com"}, with your ANTHROPIC_API_KEY: this costs money`,
    env: { ANTHROPIC_API_KEY: key, ...(base ? { ANTHROPIC_BASE_URL: base } : {}) },
    stop: async () => {},
  };
}

function givenModel(url: URL): Model {
  const base = url.href.replace(/\/$/, "");
  return {
    kind: "given",
    url: base,
    sentence: `what answers at ${base} (--model-url), without your API key`,
    env: variables(base, url.hostname),
    stop: async () => {},
  };
}

async function scriptedHere(script: Script): Promise<Model> {
  const model = await startScriptedModel({ script });
  return scripted(model, model.url, "no key needed, nothing is billed");
}

async function scriptedTowards(apiServerHost: string, script: Script): Promise<Model> {
  const address = await addressTowards(apiServerHost);
  if (!address)
    throw new DemoError(
      "No address of this machine is known that the cluster's pods could reach, and the scripted model runs here.",
      "Name one with --model-url http://ADDRESS:PORT.",
      [`There is no route from here to the API server ${apiServerHost}.`],
    );
  const model = await startScriptedModel({ script, host: "0.0.0.0" });
  const reason = `this machine's address towards ${apiServerHost}; another one: --model-url`;
  return scripted(model, httpUrl(address, model.port), reason);
}

async function scriptedAt(url: URL, script: Script): Promise<Model> {
  const nobody = `Nothing answers at ${url.origin}.`;
  if (!(await isThisMachine(url.hostname)))
    throw new DemoError(
      `No model can be reached at ${url.origin}.`,
      "Start one there, or name an address of this machine.",
      [nobody, `${url.hostname} is not an address of this machine, so the scripted model cannot listen there.`],
    );
  if (url.protocol === "https:")
    throw new DemoError(
      `The scripted model speaks http, not https, so it cannot stand in at ${url.origin}.`,
      "Use an http:// address.",
      [nobody],
    );
  const port = Number(url.port || 80);
  const host = (await loopbackAddress(url.hostname)) ?? "0.0.0.0";
  const model = await startScriptedModel({ script, host, port }).catch((error: unknown) => {
    throw new DemoError(`The scripted model cannot listen on port ${port}.`, "Choose another port.", [
      nobody,
      (error as Error).message,
    ]);
  });
  return scripted(model, url.origin, "nothing answered there, so it listens there itself");
}

function scripted(model: ScriptedModel, url: string, remark: string): Model {
  return {
    kind: "scripted",
    url,
    sentence: `a scripted stand-in at ${url} (${remark})`,
    env: variables(url, new URL(url).hostname),
    stop: () => model.stop(),
  };
}

/** Claude Code asks for a key, whatever answers; and a proxy of the pod must not come between. */
function variables(url: string, host: string): Record<string, string> {
  return { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: "demo-no-key", NO_PROXY: host, no_proxy: host };
}

/** Milliseconds to wait for an answer from --model-url. */
const ANSWER_MS = 3_000;

async function answers(url: URL): Promise<boolean> {
  return fetch(url, { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(ANSWER_MS) }).then(
    () => true,
    () => false,
  );
}
