/** The MCP servers that Paperclip gives a run, as Claude Code's `--mcp-config` wants them and as a pod reaches them. */
import type { AdapterRuntimeMcpAccess } from "@paperclipai/adapter-utils";

export type McpServer = ReturnType<AdapterRuntimeMcpAccess["getServers"]>[number];

/** The file's text; null when there is no server. It holds tokens. */
export function mcpConfig(servers: readonly McpServer[], apiUrl: string | null, ownUrl: string | null): string | null {
  if (servers.length === 0) return null;
  const entries: Record<string, unknown> = {};
  for (const server of servers) {
    const headers = { Authorization: `Bearer ${server.token}` };
    entries[freeName(server, entries)] = { type: "http", url: addressForPod(server.url, apiUrl, ownUrl), headers };
  }
  return JSON.stringify({ mcpServers: entries });
}

/** What makes two runs' servers the same: a session is resumed only with those it was started with. */
export function mcpIdentity(servers: readonly McpServer[]): string | null {
  const named = servers.map(({ name, url, connectionId }) => ({ name, url, connectionId }));
  return named.length > 0 ? JSON.stringify(named.toSorted((a, b) => (a.name < b.name ? -1 : 1))) : null;
}

/** Two connections may have one name. */
function freeName({ name, connectionId }: McpServer, taken: Readonly<Record<string, unknown>>): string {
  if (!(name in taken)) return name;
  const base = `${name}-${connectionId.slice(0, 8)}`;
  for (let count = 1; ; count++) {
    const candidate = count === 1 ? base : `${base}-${count}`;
    if (!(candidate in taken)) return candidate;
  }
}

/** Paperclip's own servers have its own address (loopback by default); another host's address is its own business. */
export function addressForPod(url: string, apiUrl: string | null, ownUrl: string | null | undefined): string {
  if (!apiUrl || !ownUrl || URL.parse(url)?.origin !== URL.parse(ownUrl)?.origin) return url;
  const { pathname, search } = new URL(url);
  return `${apiUrl.replace(/\/+$/, "")}${pathname}${search}`;
}
