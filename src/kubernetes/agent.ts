import type { buildConnector, Client, Dispatcher } from "undici";
import type { TlsOptions } from "./credentials.ts";

export interface AgentOptions {
  /** Milliseconds until the headers of an answer must be there. @default 30000 */
  readonly headersTimeoutMs?: number;
  /** Milliseconds until a connection must stand. @default 10000 */
  readonly connectTimeoutMs?: number;
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
  const { Agent, ProxyAgent, Socks5ProxyAgent } = await import("undici");
  const connect: buildConnector.BuildOptions = {
    ...tls,
    preferH2: true,
    timeout: options.connectTimeoutMs ?? 10_000,
    keepAlive: true,
    // A peer that vanished without a word is found out by TCP: nothing else notices it under a silent stream.
    keepAliveInitialDelay: 30_000,
  };
  const settings: Omit<Client.Options, "connect"> = {
    allowH2: true,
    headersTimeout: options.headersTimeoutMs ?? 30_000,
    // A quiet pod says nothing for hours; undici's default ends a silent body after 300 s (measured).
    bodyTimeout: 0,
    keepAliveTimeout: 30_000,
    h2Options: { pingInterval: 30_000 },
  };
  if (proxyUrl === undefined) return new Agent({ ...settings, connect });
  if (proxyUrl.startsWith("socks")) return new Socks5ProxyAgent(proxyUrl, { ...settings, requestTls: connect });
  return new ProxyAgent({ ...settings, uri: proxyUrl, requestTls: connect });
}
