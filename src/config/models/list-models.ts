/** The models that Paperclip's page offers for an agent. */
import { createHash } from "node:crypto";
import type { AdapterModel } from "@paperclipai/adapter-utils";
import { reachesBedrock, reachesOtherProvider } from "../provider.ts";
import { bedrockModels, models } from "./known-models.ts";

export interface ModelListOptions {
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
  /** @default the global fetch */
  readonly fetch?: typeof fetch;
  /** Milliseconds for the API's whole answer: the page waits for it. @default 5000 */
  readonly timeoutMs?: number;
}

export interface ModelList {
  /** Never rejects: where the API cannot be asked, these are the known ones. */
  list(): Promise<AdapterModel[]>;
  /** The same, without what was remembered. */
  refresh(): Promise<AdapterModel[]>;
}

const API = "https://api.anthropic.com";
/** Milliseconds for which an answer is cached, and for which a failed API is not called again. */
const FRESH_MS = 60_000;
const FAILED_MS = 10_000;
const MAX_BYTES = 1024 * 1024;
const MAX_MODELS = 1000;

interface Remembered {
  readonly of: string;
  readonly models: Promise<AdapterModel[] | null>;
  until: number;
}

export function createModelList(options: ModelListOptions = {}): ModelList {
  const { env = process.env, now = Date.now, timeoutMs = 5000 } = options;
  let remembered: Remembered | null = null;
  let lastGood: { readonly of: string; readonly models: AdapterModel[] } | null = null;

  const request = async (endpoint: Endpoint, forced: boolean): Promise<AdapterModel[] | null> => {
    if (!forced && remembered?.of === endpoint.identity && now() < remembered.until) return await remembered.models;
    // Concurrent callers share one request.
    const answer = fetchModels(endpoint, options.fetch ?? fetch, timeoutMs);
    const entry: Remembered = { of: endpoint.identity, models: answer, until: Number.POSITIVE_INFINITY };
    remembered = entry;
    const found = await answer;
    entry.until = now() + (found === null ? FAILED_MS : FRESH_MS);
    if (found !== null) lastGood = { of: endpoint.identity, models: found };
    return found;
  };

  const load = async (forced: boolean): Promise<AdapterModel[]> => {
    if (reachesBedrock(env)) return bedrockModels;
    const endpoint = reachesOtherProvider(env) ? null : endpointOf(env);
    if (endpoint === null) return models;
    const found = (await request(endpoint, forced)) ?? (lastGood?.of === endpoint.identity ? lastGood.models : []);
    return merged([...found, ...models]);
  };
  return { list: () => load(false), refresh: () => load(true) };
}

interface Endpoint {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Tells one key and address from another, and is neither. */
  readonly identity: string;
}

/** Null where Paperclip's process has no credential for a list. */
function endpointOf(env: NodeJS.ProcessEnv): Endpoint | null {
  const key = env.ANTHROPIC_API_KEY?.trim();
  const token = env.ANTHROPIC_AUTH_TOKEN?.trim();
  const base = (env.ANTHROPIC_BASE_URL?.trim() || API).replace(/\/+$/, "");
  const url = `${base}/v1/models?limit=${MAX_MODELS}`;
  if ((!key && !token) || !/^https?:$/.test(URL.parse(url)?.protocol ?? "")) return null;
  const credential = key ? { "x-api-key": key } : { authorization: `Bearer ${token}` };
  const identity = createHash("sha256")
    .update(JSON.stringify([url, credential]))
    .digest("hex");
  return { url, headers: { "anthropic-version": "2023-06-01", ...credential }, identity };
}

/** Null when there is no answer to be used. */
async function fetchModels(
  { url, headers }: Endpoint,
  request: typeof fetch,
  timeoutMs: number,
): Promise<AdapterModel[] | null> {
  try {
    // A redirect would lead the key elsewhere.
    const response = await request(url, { headers, redirect: "error", signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok) return null;
    const found = readModels(JSON.parse(await readBounded(response)));
    return found.length > 0 ? found : null;
  } catch {
    return null;
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`the answer is longer than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function readModels(answer: unknown): AdapterModel[] {
  const data: unknown = typeof answer === "object" && answer !== null && "data" in answer ? answer.data : null;
  if (!Array.isArray(data)) return [];
  return data.slice(0, MAX_MODELS).flatMap((entry: unknown) => {
    if (typeof entry !== "object" || entry === null || !("id" in entry) || typeof entry.id !== "string") return [];
    const id = entry.id.trim();
    const name = "display_name" in entry && typeof entry.display_name === "string" ? entry.display_name.trim() : "";
    return id ? [{ id, label: name || id }] : [];
  });
}

/** The first of each id. */
function merged(all: readonly AdapterModel[]): AdapterModel[] {
  const first = new Map<string, AdapterModel>();
  for (const model of all) if (!first.has(model.id)) first.set(model.id, model);
  return [...first.values()];
}
