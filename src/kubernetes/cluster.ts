import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Dispatcher } from "undici";
import { CredentialSource, type TlsOptions } from "./config/credentials.ts";
import { environmentProxy } from "./config/environment-proxy.ts";
import { KubeconfigError } from "./config/kubeconfig-error.ts";
import {
  type ClusterOptions,
  type ProcessEnvironment,
  type Selection,
  selectContext,
  thisProcess,
} from "./config/select-context.ts";
import { type AgentOptions, buildAgent } from "./http/agent.ts";

export type { ClusterOptions } from "./config/select-context.ts";

/** One cluster as one user: its address, its credentials, and the connections that all calls share. */
export interface Cluster {
  /** Without credentials; may have a path (clusters behind a gateway). */
  readonly server: URL;
  /** Default namespace of the context or the service account. */
  readonly namespace: string;
  readonly source: "kubeconfig" | "in-cluster";
  /** The same for two clusters that reach the same server in the same way as the same user. */
  readonly id: string;
  /** Where requests go. Renewed when TLS credentials change: read it after headers(). */
  readonly dispatcher: Dispatcher;
  /** Fresh authentication headers. Throws CredentialsError. */
  headers(): Promise<Record<string, string>>;
  /** To be called after a 401: the next headers() asks for new credentials. */
  forgetCredentials(): void;
  /** Ends every connection at once, open streams too. */
  close(): Promise<void>;
}

/** Throws KubeconfigError; opens no connection and asks for no credentials yet. */
export async function openCluster(
  options: ClusterOptions = {},
  environment: ProcessEnvironment = thisProcess,
  agentOptions: AgentOptions = {},
): Promise<Cluster> {
  const selection = await selectContext(options, environment);
  const server = serverUrl(selection);
  const proxyUrl = proxyOf(selection, server, environment);
  const build = (tls: TlsOptions) => buildAgent(tls, proxyUrl, agentOptions);
  return new OpenCluster(selection, server, build, await build({}));
}

/**
 * In the cluster itself the environment's proxy is not used, unlike in kubectl: it is for the outside, and an operator who
 * replaced the prior package may not have service addresses in NO_PROXY.
 */
function proxyOf({ source, cluster }: Selection, server: URL, { env }: ProcessEnvironment): string | undefined {
  const proxy = cluster.value["proxy-url"];
  if (typeof proxy === "string" && proxy !== "") return proxy;
  return source === "in-cluster" ? undefined : environmentProxy(server, env);
}

class OpenCluster implements Cluster {
  readonly server: URL;
  readonly namespace: string;
  readonly source: "kubeconfig" | "in-cluster";
  readonly id: string;
  readonly #credentials: CredentialSource;
  readonly #build: (tls: TlsOptions) => Promise<Dispatcher>;
  #dispatcher: Dispatcher;
  #tls: TlsOptions = {};
  #renewal: Promise<unknown> = Promise.resolve();

  constructor(selection: Selection, server: URL, build: (tls: TlsOptions) => Promise<Dispatcher>, first: Dispatcher) {
    this.server = server;
    this.namespace = selection.namespace;
    this.source = selection.source;
    this.id = digest(selection);
    this.#credentials = new CredentialSource(selection);
    this.#build = build;
    this.#dispatcher = first;
  }

  get dispatcher(): Dispatcher {
    return this.#dispatcher;
  }

  async headers(): Promise<Record<string, string>> {
    const { headers, tls } = await this.#credentials.get();
    const renewal = this.#renewal.then(() => this.#renew(tls));
    this.#renewal = renewal.catch(() => undefined);
    await renewal;
    return { ...headers };
  }

  forgetCredentials(): void {
    this.#credentials.forget();
  }

  async close(): Promise<void> {
    await this.#renewal;
    await this.#dispatcher.destroy();
  }

  async #renew(tls: TlsOptions): Promise<void> {
    if (isDeepStrictEqual(tls, this.#tls)) return;
    const old = this.#dispatcher;
    this.#dispatcher = await this.#build(tls);
    this.#tls = tls;
    // Streams of the old credentials run to their end; nothing new starts on them.
    void old.close().catch(() => undefined);
  }
}

function serverUrl({ cluster, source }: Selection): URL {
  const server = cluster.value.server;
  const url = typeof server === "string" ? URL.parse(server) : null;
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:")) {
    const message = `The cluster "${cluster.name}" of the ${source === "in-cluster" ? "pod" : "kubeconfig"} has no usable server address.`;
    throw new KubeconfigError("malformed", message, "Set clusters[].cluster.server to a URL such as https://host:6443");
  }
  url.username = "";
  url.password = "";
  return url;
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
