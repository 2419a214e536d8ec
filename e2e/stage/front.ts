/** One address before several servers, as a Service is: each connection goes to the next one that is ready. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Front extends AsyncDisposable {
  readonly url: string;
  /** It is ready. */
  add(port: number): void;
  /** It is gone: its connections break by themselves. */
  remove(port: number): void;
}

export async function openFront(): Promise<Front> {
  const ports: number[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    const port = ports.shift();
    if (port === undefined) return void socket.destroy();
    ports.push(port);
    const onward = connect(port, "127.0.0.1");
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      open.add(one);
      one
        .on("error", () => other.destroy())
        .on("close", () => {
          open.delete(one);
          other.destroy();
        });
      one.pipe(other);
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (port) => void ports.push(port),
    remove: (port) => void ports.splice(ports.indexOf(port), 1),
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
