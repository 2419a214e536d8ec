import type { RequestOptions } from "node:https";
import type { SecureContextOptions } from "node:tls";
import type { KubeConfig } from "@kubernetes/client-node";
import { GuardedFileError, readGuarded, readGuardedText } from "../../files/guarded-file.ts";
import { oneLine, redact } from "../redact.ts";
import { boundPlugins, PLUGIN_LIMIT_MS, PluginHangs } from "./exec-plugin.ts";
import { LoginEnded, type OidcConfig, OidcToken } from "./oidc.ts";
import type { Selection } from "./select-context.ts";

/** What authenticates one request. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsOptions;
}

export interface TlsOptions extends Pick<SecureContextOptions, "ca" | "cert" | "key" | "pfx" | "passphrase"> {
  rejectUnauthorized?: boolean;
  servername?: string;
}

/** No credentials are available: an exec plugin failed, a certificate or token file is gone. Holds no secret. */
export class CredentialsError extends Error {
  override readonly name = "CredentialsError";
  /** True when a retry may help: a plugin also fails because of a network error. */
  readonly transient: boolean;

  constructor(message: string, transient: boolean) {
    super(message);
    this.transient = transient;
  }
}

type Fields = Readonly<Record<string, unknown>>;

const TLS_FIELDS = ["ca", "cert", "key", "pfx", "passphrase", "rejectUnauthorized", "servername"] as const;

/**
 * Loads credentials on each call: files are read again (service account tokens rotate each hour, client certificates
 * too), an exec plugin runs again when its credential has expired. Concurrent calls share one load, so that one plugin runs.
 */
export class CredentialSource {
  readonly #selection: Selection;
  readonly #pluginLimitMs: number;
  #kubeConfig: KubeConfig | undefined;
  /** What the client library makes of a user that runs nothing: the same each time, and a tenth of a call's cost (measured). */
  #unchanging: RequestOptions | undefined;
  #pending: Promise<Credentials> | undefined;
  #lastToken: string | undefined;
  #oidc: OidcToken | undefined;

  constructor(selection: Selection, pluginLimitMs = PLUGIN_LIMIT_MS) {
    this.#selection = selection;
    this.#pluginLimitMs = pluginLimitMs;
  }

  get(): Promise<Credentials> {
    if (this.#pending) return this.#pending;
    const loading: Promise<Credentials> = this.#load().finally(() => {
      if (this.#pending === loading) this.#pending = undefined;
    });
    this.#pending = loading;
    return loading;
  }

  /** Forgets what is cached, because the server refused it (401): a plugin's token can be revoked before it expires. */
  forget(): void {
    this.#kubeConfig = undefined;
    this.#oidc?.forget();
    // An answer that is under way is that of the refused credentials.
    this.#pending = undefined;
  }

  async #load(): Promise<Credentials> {
    try {
      const options = await this.#options();
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(options.headers ?? {}))
        headers[name.toLowerCase()] = String(value).trim();
      if (options.auth) headers.authorization = `Basic ${Buffer.from(options.auth).toString("base64")}`;
      const token = (await this.#tokenFromFile()) ?? (await this.#oidcToken());
      if (token !== undefined) headers.authorization = `Bearer ${token}`;
      return { headers, tls: { ...tlsOptions(options), ...(await certificates(this.#selection, options)) } };
    } catch (error) {
      throw new CredentialsError(describe(error), isTransient(error));
    }
  }

  async #options(): Promise<RequestOptions> {
    if (this.#unchanging) return this.#unchanging;
    this.#kubeConfig ??= await loadKubeConfig(this.#selection, this.#pluginLimitMs);
    const options: RequestOptions = {};
    await this.#kubeConfig.applyToHTTPSOptions(options);
    const { exec, "auth-provider": provider } = this.#selection.user.value;
    if (exec === undefined && provider === undefined) this.#unchanging = options;
    return options;
  }

  // The client library knows neither `tokenFile` of a kubeconfig nor the newline at the end of such a file. A file
  // that is briefly away (a projected volume being swapped) leaves the last token in use, as in client-go.
  async #tokenFromFile(): Promise<string | undefined> {
    const file = tokenFileOf(this.#selection.user.value);
    if (file === undefined) return undefined;
    try {
      this.#lastToken = (await readGuardedText(file, { maxBytes: MAX_FILE_BYTES })).trim();
    } catch (error) {
      if (this.#lastToken === undefined) throw error;
    }
    return this.#lastToken;
  }

  async #oidcToken(): Promise<string | undefined> {
    const config = oidcOf(this.#selection.user.value);
    if (!config) return undefined;
    this.#oidc ??= new OidcToken(config);
    return this.#oidc.get();
  }
}

/** Bytes of a file with a token, certificates or a key. */
const MAX_FILE_BYTES = 1024 * 1024;

const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** `tokenFile`, or that of an auth provider: the client library would read it in a way that holds up the whole process. */
function tokenFileOf(user: Fields): string | undefined {
  const provider = user["auth-provider"] as { readonly config?: { readonly tokenFile?: unknown } } | undefined;
  return textOf(user.tokenFile) ?? textOf(provider?.config?.tokenFile);
}

/** The fields of a kubeconfig that name files, which the client library would read the same way. */
const FILES = { ca: "certificate-authority", cert: "client-certificate", key: "client-key" } as const;

/** From those files, read again each time; what an exec plugin gave goes before a certificate of the user's. */
async function certificates({ cluster, user }: Selection, options: RequestOptions): Promise<TlsOptions> {
  const tls: TlsOptions = {};
  for (const field of ["ca", "cert", "key"] as const) {
    const file = textOf((field === "ca" ? cluster : user).value[FILES[field]]);
    if (file !== undefined && !options[field])
      tls[field] = (await readGuarded(file, { maxBytes: MAX_FILE_BYTES })).bytes;
  }
  return tls;
}

/** What the client library gets: no file's path, and so none of the data that such a file goes before. */
function withoutFiles(fields: Fields): Fields {
  const named = Object.values(FILES).filter((field) => textOf(fields[field]) !== undefined);
  return Object.fromEntries(
    Object.entries(fields).filter(([field]) => !named.some((name) => field === name || field === `${name}-data`)),
  );
}

type AuthProvider = { readonly name?: unknown; readonly config?: OidcConfig };

/** Of the user's `oidc` auth provider; null when there is none. */
function oidcOf(user: Fields): OidcConfig | null {
  const provider = user["auth-provider"] as AuthProvider | undefined;
  return provider?.name === "oidc" ? (provider.config ?? {}) : null;
}

/** Loaded only when a cluster is opened: the library is large and needs a newer Node than the rest of the package. */
async function loadKubeConfig(selection: Selection, pluginLimitMs: number): Promise<KubeConfig> {
  const { cluster, user, namespace, context } = selection;
  const { KubeConfig } = await import("./kubeconfig-library.ts");
  const kubeConfig = new KubeConfig();
  boundPlugins(kubeConfig, pluginLimitMs);
  const server = String(cluster.value.server);
  const { "insecure-skip-tls-verify": insecure } = cluster.value;
  // The library refuses http: unless verification is off; there is nothing to verify on such a connection.
  const value = {
    ...withoutFiles(cluster.value),
    "insecure-skip-tls-verify": insecure === true || server.startsWith("http:"),
  };
  kubeConfig.loadFromString(
    JSON.stringify({
      clusters: [{ name: cluster.name, cluster: value }],
      users: [
        { name: user.name || "nobody", user: withExecInfo(withoutFiles(withoutOidc(user.value)), cluster.value) },
      ],
      contexts: [{ name: context, context: { cluster: cluster.name, user: user.name || "nobody", namespace } }],
      "current-context": context,
    }),
  );
  return kubeConfig;
}

function withoutOidc(user: Fields): Fields {
  const isReadByUs = oidcOf(user) || (user["auth-provider"] !== undefined && tokenFileOf(user) !== undefined);
  return isReadByUs ? { ...user, "auth-provider": undefined } : user;
}

/** What kubectl passes to a plugin, and the client library does not; several refuse to work without. */
function withExecInfo(user: Fields, cluster: Fields): Fields {
  const exec = user.exec as {
    apiVersion?: string;
    env?: { name: string; value: string }[];
    provideClusterInfo?: boolean;
  };
  if (typeof exec !== "object" || exec === null) return user;
  const spec = {
    interactive: false,
    ...(exec.provideClusterInfo === true && {
      cluster: {
        server: cluster.server,
        "tls-server-name": cluster["tls-server-name"],
        "insecure-skip-tls-verify": cluster["insecure-skip-tls-verify"],
        "certificate-authority-data": cluster["certificate-authority-data"],
        "proxy-url": cluster["proxy-url"],
      },
    }),
  };
  const info = JSON.stringify({ apiVersion: exec.apiVersion, kind: "ExecCredential", spec });
  return { ...user, exec: { ...exec, env: [...(exec.env ?? []), { name: "KUBERNETES_EXEC_INFO", value: info }] } };
}

function tlsOptions(options: RequestOptions): TlsOptions {
  const tls: TlsOptions = {};
  for (const field of TLS_FIELDS) {
    const value = options[field];
    if (value !== undefined && value !== null) Object.assign(tls, { [field]: value });
  }
  return tls;
}

/** False where somebody has to act: a program or a file that is not there, a login that has ended. */
function isTransient(error: unknown): boolean {
  const { path, syscall } = error as NodeJS.ErrnoException;
  return !syscall?.startsWith("spawn") && path === undefined && !(error instanceof LoginEnded);
}

function describe(error: unknown): string {
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof GuardedFileError || error instanceof PluginHangs) return error.message;
  if (syscall?.startsWith("spawn")) return `the exec plugin ${path ?? ""} could not be started (${code})`;
  if (path !== undefined) return `${path} cannot be read (${code})`;
  // A plugin that printed no JSON: the parser's message would quote what it printed.
  if (error instanceof SyntaxError) return "the exec plugin printed no valid ExecCredential";
  return (
    oneLine(redact(error instanceof Error ? error.message : String(error)), 300) ||
    "the exec plugin failed without a message"
  );
}
