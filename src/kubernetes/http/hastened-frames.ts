import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";

/** Where `node:http2` tells of each stream that a client opens. Where it does not, a stream stays as it is. */
const CREATED = "http2.client.stream.created";

interface Created {
  readonly stream: ClientHttp2Stream;
  readonly headers: OutgoingHttpHeaders;
}

/**
 * Hastens the HTTP/2 streams that are opened for a path from now on: undici shows nobody its streams, Node does.
 *
 * @returns to be called when no other will be opened
 */
export function hastenStreams(path: string): () => void {
  const onCreated = (message: unknown): void => {
    const { stream, headers } = message as Created;
    if (headers[":path"] === path) hasten(stream);
  };
  subscribe(CREATED, onCreated);
  return () => unsubscribe(CREATED, onCreated);
}

/**
 * Gives each DATA frame to the stream's reader without the look ahead that a Node stream takes after each chunk, in a turn of its
 * own: 40 % of the CPU for lines that are flushed one by one (measured). Only while nothing waits in the stream and it flows: then
 * the chunk is what the reader gets next in either way. All else, back-pressure and the end, is the stream's own.
 */
export function hasten(stream: ClientHttp2Stream): void {
  if (Object.hasOwn(stream, "push")) return;
  const push = stream.push.bind(stream);
  stream.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk === null || stream.readableFlowing !== true || stream.readableLength > 0) return push(chunk, encoding);
    stream.emit("data", chunk);
    return true;
  };
}
