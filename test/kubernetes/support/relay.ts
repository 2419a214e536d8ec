import { once } from "node:events";
import net, { type AddressInfo, type Socket } from "node:net";

export interface Relay extends AsyncDisposable {
  readonly origin: string;
  readonly connections: number;
  /** From now on nothing passes through the connections that stand, and nobody is told; new ones are as good as ever. */
  freeze(): void;
}

/** A way to a server on this machine, as a router or load balancer is one. */
export async function startRelay(port: number): Promise<Relay> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let connections = 0;
  const relay = net.createServer((near) => {
    connections++;
    const far = net.connect(port, "127.0.0.1");
    const pair = [near, far] as const;
    pairs.add(pair);
    near.pipe(far).pipe(near);
    for (const [one, other] of [pair, [far, near] as const]) {
      one.on("error", () => other.destroy());
      one.on("close", () => {
        other.destroy();
        pairs.delete(pair);
      });
    }
  });
  await once(relay.listen(0, "127.0.0.1"), "listening");
  return {
    origin: `https://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    freeze: () => {
      for (const [near, far] of pairs) {
        near.unpipe(far).pause();
        far.unpipe(near).pause();
      }
    },
    [Symbol.asyncDispose]: async () => {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      relay.close();
      await once(relay, "close");
    },
  };
}
