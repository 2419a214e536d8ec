/**
 * Serves log files as `pods/log`, as fast as a socket takes them: `GET …?file=PATH`. With `ticks=N` it writes N lines,
 * one each 5 ms, to every client that is there. Run as a process of its own, so that its work is not measured.
 */
import { createReadStream } from "node:fs";
import { createServer, type Socket } from "node:net";
import { pipeline } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
const TICK_MS = 5;
const listeners = new Set<Socket>();

const server = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on("error", () => undefined);
  socket.once("data", (request) => {
    const path = decodeURIComponent(/GET (\S+)/.exec(request.toString("latin1"))?.[1] ?? "");
    socket.write(HEAD);
    const [, paced, file] = /\/(files|paced)(\/.*?)\/api\//.exec(path) ?? [];
    if (file)
      pipeline(
        createReadStream(file, { highWaterMark: 1 << 18 }),
        paced === "paced" ? pace : pass,
        socket,
        () => undefined,
      );
    else if (path.includes("follow=true")) {
      listeners.add(socket);
      socket.once("close", () => listeners.delete(socket));
    } else socket.end("0\r\n\r\n");
  });
});

async function* pass(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* blocks;
}

/** At most 40 MB/s: what curl got from a real API server (measured on 1.36, lines of 4 KB). */
async function* pace(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const start = performance.now();
  let sent = 0;
  for await (const block of blocks) {
    const early = sent / 40_000 - (performance.now() - start);
    if (early > 1) await sleep(early);
    sent += block.length;
    yield block;
  }
}

async function tick(lines: number): Promise<void> {
  for (let line = 1; line <= lines; line++) {
    const text = `${new Date().toISOString().slice(0, 23)}000000Z ${line}|{"n":${line},"text":"${"x".repeat(300)}"}\n`;
    for (const socket of listeners) socket.write(`${text.length.toString(16)}\r\n${text}\r\n`);
    await sleep(TICK_MS);
  }
  process.send?.("ticked");
}

process.on("message", (message: { ticks: number }) => void tick(message.ticks));
process.once("disconnect", () => process.exit(0));
server.listen(0, "127.0.0.1", () => process.send?.(server.address()));
