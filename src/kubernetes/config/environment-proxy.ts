import { BlockList, isIP } from "node:net";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that the environment names for this server, by the rules that kubectl goes by (`ProxyFromEnvironment` of Go's
 * net/http): HTTPS_PROXY or HTTP_PROXY by the server's scheme, in capitals first; never for this machine itself; not for
 * what NO_PROXY has. undefined when there is none, or when it is no address.
 */
export function environmentProxy(server: URL, env: Environment): string | undefined {
  const value = server.protocol === "https:" ? named(env, "HTTPS_PROXY") : named(env, "HTTP_PROXY");
  const proxy = value === undefined ? undefined : parse(value);
  if (proxy === undefined || isThisMachine(hostOf(server)) || isExcepted(server, named(env, "NO_PROXY") ?? ""))
    return undefined;
  return proxy;
}

const named = (env: Environment, name: string): string | undefined => env[name] || env[name.toLowerCase()] || undefined;

/** `host:port` alone is an HTTP proxy. */
function parse(value: string): string | undefined {
  for (const text of [value, `http://${value}`]) {
    const url = URL.parse(text);
    if (url && url.host !== "" && /^(https?|socks5h?):$/.test(url.protocol)) return text;
  }
  return undefined;
}

const hostOf = (server: URL): string => server.hostname.replace(/^\[|\]$/g, "").toLowerCase();

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

const isThisMachine = (host: string): boolean => host === "localhost" || isWithin(loopback, host);

/** NO_PROXY: `*`, or addresses, address ranges (CIDR) and domains, each but a range with a port if it is to be so. */
function isExcepted(server: URL, exceptions: string): boolean {
  const host = hostOf(server);
  const port = server.port || (server.protocol === "https:" ? "443" : "80");
  return exceptions.split(",").some((entry) => {
    const exception = entry.trim().toLowerCase();
    if (exception === "*") return true;
    const range = rangeOf(exception);
    if (range) return isWithin(range, host);
    const [name, only] = splitPort(exception);
    if (name === "" || (only !== undefined && only !== port)) return false;
    if (isIP(name) > 0) return isWithin(single(name), host);
    // `example.org` means itself and all below it, `.example.org` and `*.example.org` only what is below.
    const domain = name.replace(/^\*?(?=\.)/, "");
    return domain.startsWith(".") ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
  });
}

/** The host without brackets, and the port if there is one. */
function splitPort(text: string): [string, string | undefined] {
  if (isIP(text) === 6) return [text, undefined];
  const [, host = text, port] = /^(.*):(\d*)$/.exec(text) ?? [];
  return [host.replace(/^\[(.*)\]$/, "$1"), port];
}

function rangeOf(text: string): BlockList | undefined {
  const [, address = "", bits] = /^([\da-f.:]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address);
  if (family === 0 || Number(bits) > (family === 4 ? 32 : 128)) return undefined;
  const range = new BlockList();
  range.addSubnet(address, Number(bits), family === 4 ? "ipv4" : "ipv6");
  return range;
}

function single(address: string): BlockList {
  const list = new BlockList();
  list.addAddress(address, isIP(address) === 4 ? "ipv4" : "ipv6");
  return list;
}

function isWithin(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family > 0 && list.check(host, family === 4 ? "ipv4" : "ipv6");
}
