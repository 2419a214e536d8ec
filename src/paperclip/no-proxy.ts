import { BlockList, isIP } from "node:net";

const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];
/** Programs read one or the other, some prefer the one and some the other. */
const EXCEPTIONS = ["NO_PROXY", "no_proxy"] as const;

/**
 * `NO_PROXY` of a pod that has a proxy, so that Paperclip's address in the cluster is none of the proxy's: nobody else can
 * resolve it, or reach it. Nothing where there is no proxy, where the address is excepted already, and where it is a public
 * one, to which the proxy may be the only way.
 */
export function exceptFromProxy(
  variables: Readonly<Record<string, string>>,
  apiUrl: string | undefined,
): Readonly<Record<string, string>> {
  if (!apiUrl || !URL.canParse(apiUrl) || !PROXIES.some((name) => variables[name])) return {};
  const host = new URL(apiUrl).hostname.replace(/^\[(.*)\]$/, "$1");
  if (!isOfCluster(host)) return {};
  const [upper, lower] = EXCEPTIONS.map((name) => variables[name]);
  const extended = EXCEPTIONS.map((name): [string, string] => {
    const exceptions = variables[name] || upper || lower || "";
    return [name, isExcepted(host, exceptions) ? exceptions : [exceptions, host].filter(Boolean).join(",")];
  });
  return Object.fromEntries(extended.filter(([name, value]) => value !== variables[name]));
}

const isExcepted = (host: string, exceptions: string): boolean =>
  exceptions.split(",").some((entry) => {
    const domain = entry
      .trim()
      .toLowerCase()
      .replace(/^\*?\./, "");
    return domain === "*" || domain === host || (domain !== "" && host.endsWith(`.${domain}`));
  });

const PRIVATE = new BlockList();
for (const [address, bits] of [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
] as const)
  PRIVATE.addSubnet(address, bits, "ipv4");
PRIVATE.addSubnet("fc00::", 7, "ipv6");
PRIVATE.addSubnet("fe80::", 10, "ipv6");
PRIVATE.addAddress("::1", "ipv6");

/** A Service's name as pods resolve it, or an address of a private network. */
function isOfCluster(host: string): boolean {
  const family = isIP(host);
  if (family > 0) return PRIVATE.check(host, family === 4 ? "ipv4" : "ipv6");
  return !host.includes(".") || /\.svc(\.|$)|\.local$/.test(host);
}
