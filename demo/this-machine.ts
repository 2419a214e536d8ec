import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";

/** True when `host` is a name or an address of this machine. An unknown name is not. */
export async function isThisMachine(host: string): Promise<boolean> {
  const found = await lookup(bare(host), { all: true }).catch(() => []);
  const own = addresses().map(({ address }) => address);
  return found.some(({ address }) => isLoopback(address) || own.includes(address));
}

/** The address behind `host` when only this machine can reach it; undefined when others can as well, or it is unknown. */
export async function loopbackAddress(host: string): Promise<string | undefined> {
  const found = await lookup(bare(host)).catch(() => undefined);
  return found && isLoopback(found.address) ? found.address : undefined;
}

/**
 * This machine's address on the route to `host`: what a pod near that host can most likely reach. Nothing is sent. When
 * the route stays on this machine (a cluster in containers), its first outward address: containers reach that, too.
 * Undefined when there is no route or no outward address.
 */
export async function addressTowards(host: string): Promise<string | undefined> {
  const address = await routeTo(bare(host)).catch(() => undefined);
  if (address !== undefined && !isLoopback(address)) return address;
  return addresses().find(({ internal, family }) => !internal && family === "IPv4")?.address;
}

async function routeTo(host: string): Promise<string> {
  const { address, family } = await lookup(host);
  const socket = createSocket(family === 6 ? "udp6" : "udp4");
  try {
    socket.connect(9, address);
    await once(socket, "connect");
    return socket.address().address;
  } finally {
    socket.close();
  }
}

/** `http://HOST:PORT`, with the brackets that an IPv6 address needs. */
export function httpUrl(host: string, port: number): string {
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function addresses() {
  return Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}
