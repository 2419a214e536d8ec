import type { buildConnector, Client, Dispatcher } from "undici";
import type { TlsOptions } from "../config/credentials.ts";
import { resetUnsent } from "./reset-unsent.ts";

export interface AgentOptions {
  /**
   * Milliseconds until the headers of an answer must be there. Shorter than a call's own limit: only when this one is
   * reached does undici ping the connection, and replace one that gives none (measured: with equal
   * limits an HTTP/2 connection that died unnoticed was never replaced). @default 20000
   */
  readonly headersTimeoutMs?: number;
  /** Milliseconds until a connection must be established. @default 10000 */
  readonly connectTimeoutMs?: number;
}

export interface AgentSettings {
  readonly settings: Omit<Client.Options, "connect">;
  readonly connect: buildConnector.BuildOptions;
}

export function agentSettings(tls: TlsOptions, options: AgentOptions): AgentSettings {
  const { headersTimeoutMs = 20_000, connectTimeoutMs = 10_000 } = options;
  return {
    settings: {
      allowH2: true,
      headersTimeout: headersTimeoutMs,
      // A quiet pod prints nothing for hours; undici's default ends a silent body after 300 s (measured).
      bodyTimeout: 0,
      keepAliveTimeout: 30_000,
      h2Options: { pingInterval: 30_000 },
    },
    connect: {
      ...tls,
      preferH2: true,
      timeout: connectTimeoutMs,
      keepAlive: true,
      // A peer that vanished without closing it is found out by TCP: nothing else notices it under a silent stream.
      keepAliveInitialDelay: 30_000,
    },
  };
}

/**
 * One agent for everything that goes to a cluster: calls, watches and log streams share its connections. Over HTTP/2
 * (chosen by ALPN) 100 streams share one connection (the server's limit, measured on 1.36).
 */
export async function buildAgent(
  tls: TlsOptions,
  proxyUrl: string | undefined,
  options: AgentOptions = {},
): Promise<Dispatcher> {
  // Loaded only when a cluster is opened: it needs a newer Node than the rest of the package.
  // Its default export: a bundler gives a CommonJS module no other one when it is imported on demand (measured).
  const { Agent, ProxyAgent, Socks5ProxyAgent } = (await import("undici")).default;
  resetUnsent();
  const { settings, connect } = agentSettings(tls, options);
  if (proxyUrl === undefined) return new Agent({ ...settings, connect });
  // Names are the proxy's to look up in either case.
  const socks = proxyUrl.replace(/^socks5h:/, "socks5:");
  if (socks.startsWith("socks")) return new Socks5ProxyAgent(socks, { ...settings, requestTls: connect });
  return new ProxyAgent({ ...settings, uri: proxyUrl, requestTls: connect });
}
