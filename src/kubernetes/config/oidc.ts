/**
 * The `oidc` auth provider of a kubeconfig. The client library's own (2.0.1) cannot refresh a token: it passes the issuer
 * in a form that openid-client refuses, and reads a token's lifetime in seconds as its expiry time.
 */
import { readGuarded } from "../../files/guarded-file.ts";

/** The provider's `config` in the kubeconfig. */
export interface OidcConfig {
  readonly "id-token"?: string;
  readonly "refresh-token"?: string;
  readonly "client-id"?: string;
  readonly "client-secret"?: string;
  readonly "idp-issuer-url"?: string;
  readonly "idp-certificate-authority"?: string;
  readonly "idp-certificate-authority-data"?: string;
}

/** The login has expired and cannot be refreshed: somebody has to log in again. */
export class LoginEnded extends Error {
  override readonly name = "LoginEnded";
}

/** Milliseconds before its expiry at which a token is refreshed, as in kubectl. */
const SKEW_MS = 10_000;

/** Holds the newest tokens: a refresh token may be used once, and the kubeconfig is not written. */
export class OidcToken {
  readonly #config: OidcConfig;
  #idToken: string | undefined;
  #refreshToken: string | undefined;

  constructor(config: OidcConfig) {
    this.#config = config;
    this.#idToken = config["id-token"];
    this.#refreshToken = config["refresh-token"];
  }

  /** A valid id token, refreshed when it is about to expire. Throws LoginEnded, or what the provider or the network answers. */
  async get(): Promise<string> {
    if (this.#idToken && endOf(this.#idToken) - SKEW_MS > Date.now()) return this.#idToken;
    return this.#refresh();
  }

  /** The server refused the token: it is refreshed next time, where that is possible. */
  forget(): void {
    if (this.#refreshToken) this.#idToken = undefined;
  }

  async #refresh(): Promise<string> {
    const { "idp-issuer-url": issuer, "client-id": clientId, "client-secret": secret } = this.#config;
    if (!this.#refreshToken || !issuer || !clientId)
      throw new LoginEnded(
        "the OIDC token has expired, and the kubeconfig has nothing to refresh it with: log in again",
      );
    // Loaded when they are needed: undici needs a newer Node than the rest of the package.
    const { customFetch, discovery, refreshTokenGrant } = await import("openid-client");
    const { Agent, fetch } = await import("undici");
    const ca = await authorityOf(this.#config);
    const dispatcher = new Agent(ca === undefined ? {} : { connect: { ca } });
    try {
      const fetchThere = (url: string, options: object) => fetch(url, { ...options, dispatcher });
      const provider = await discovery(new URL(issuer), clientId, secret || undefined, undefined, {
        [customFetch]: fetchThere as never,
      });
      const answer = await refreshTokenGrant(provider, this.#refreshToken);
      if (!answer.id_token) throw new LoginEnded("the OIDC provider gave no id token: log in again");
      this.#idToken = answer.id_token;
      this.#refreshToken = answer.refresh_token ?? this.#refreshToken;
      return answer.id_token;
    } finally {
      await dispatcher.close();
    }
  }
}

/** Bytes of a certificate's file. */
const MAX_BYTES = 1024 * 1024;

async function authorityOf(config: OidcConfig): Promise<Buffer | undefined> {
  const { "idp-certificate-authority-data": data, "idp-certificate-authority": file } = config;
  if (data) return Buffer.from(data, "base64");
  return file ? (await readGuarded(file, { maxBytes: MAX_BYTES })).bytes : undefined;
}

/** Milliseconds since 1970; 0 for what is no token. */
function endOf(token: string): number {
  try {
    const { exp } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { exp?: unknown };
    return typeof exp === "number" ? exp * 1000 : 0;
  } catch {
    return 0;
  }
}
