/**
 * The services of a workspace run on Paperclip's machine, and Paperclip names them by loopback addresses, which in a pod
 * lead to the pod itself. The pod is given them under the address of Paperclip's own pod, where that is known, for a Service has
 * Paperclip's own port alone; else under the host by which it reaches Paperclip's API.
 */

export interface ServicesForPod {
  readonly services: readonly Record<string, unknown>[];
  readonly primaryUrl: string | null;
  /** What was rewritten or left out. */
  readonly notes: readonly string[];
}

/** Where pods reach Paperclip. */
export interface PaperclipsAddress {
  /** Of its own pod. */
  readonly ip: string | null;
  readonly apiUrl: string | null;
}

export function servicesForPod(
  services: readonly Record<string, unknown>[],
  primaryUrl: string | null,
  { ip, apiUrl }: PaperclipsAddress,
): ServicesForPod {
  const host = ip === null ? hostForPod(apiUrl) : ip.includes(":") ? `[${ip}]` : ip;
  const seen = new Set<string>();
  const address = (url: string): string | null => {
    if (!isLoopback(url)) return url;
    seen.add(url);
    return host === null ? null : withHost(url, host);
  };
  const rewritten = services.map((service) => rewrite(service, address) as Record<string, unknown>);
  const primary = primaryUrl === null ? null : address(primaryUrl);
  return { services: rewritten, primaryUrl: primary, notes: [...seen].map((url) => noteOn(url, address(url))) };
}

/** Addresses in it replaced; one that is null is left out. */
function rewrite(value: unknown, address: (url: string) => string | null): unknown {
  if (typeof value === "string") return address(value) ?? undefined;
  if (Array.isArray(value)) return value.map((entry) => rewrite(entry, address)).filter((entry) => entry !== undefined);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, rewrite(entry, address)]));
}

function noteOn(url: string, instead: string | null): string {
  const where = `The workspace's service at ${url} runs on Paperclip's machine`;
  return instead === null
    ? `${where}, and its address is not given to the pod: set PAPERCLIP_K8S_API_URL to an address of Paperclip that pods reach`
    : `${where}; the pod is given ${instead}, which answers only where the service listens on more than loopback (0.0.0.0) and no NetworkPolicy is in between`;
}

const LOOPBACK = /^(localhost|.*\.localhost|127(\.\d{1,3}){3}|0\.0\.0\.0|\[::1?\])$/i;
const SCHEMES = new Set(["http:", "https:", "ws:", "wss:"]);

export function isLoopback(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed !== null && SCHEMES.has(parsed.protocol) && LOOPBACK.test(parsed.hostname);
}

/** Null where pods are given no address of Paperclip, or loopback itself. */
function hostForPod(apiUrl: string | null): string | null {
  return apiUrl === null || isLoopback(apiUrl) ? null : (URL.parse(apiUrl)?.hostname ?? null);
}

function withHost(url: string, host: string): string {
  const parsed = new URL(url);
  parsed.hostname = host;
  // As it was written: the parser adds a slash to an address without a path.
  return url.endsWith("/") ? parsed.href : parsed.href.replace(/\/$/, "");
}
