import { subscribe } from "node:diagnostics_channel";
import { type ClientHttp2Stream, constants } from "node:http2";

interface Created {
  readonly stream: ClientHttp2Stream;
  /** As whoever asked gave them, undefined among others. */
  readonly headers?: { readonly "user-agent"?: unknown };
}

/** In the user agent of the adapter and of its command line: streams of others in the process are theirs. */
const OURS = "claude-k8s";

let isWatching = false;

/**
 * Has each HTTP/2 request of ours that is given up before its body was sent reset with an error code.
 *
 * undici (8.12, 8.13) closes such a stream without one, which Node puts off until the body is sent, and then destroys it: there
 * is no reset, and nghttp2 still takes the stream for one that sends. The server's next window lets it make empty frames without
 * end: the process answers nothing and takes 100 MB a second until it is killed (seen on Node 22, 24 and 26). A body waits so
 * when a server is too busy to read, or stands still. A stream whose body was sent is closed as undici wants it.
 */
export function resetUnsent(): void {
  if (isWatching) return;
  isWatching = true;
  subscribe("http2.client.stream.created", (message) => {
    const { stream, headers } = message as Created;
    const agent = headers?.["user-agent"];
    if (typeof agent !== "string" || !agent.includes(OURS)) return;
    const close = stream.close.bind(stream);
    stream.close = (code, callback) => close(code ?? codeOf(stream), callback);
  });
}

const codeOf = ({ writableFinished }: ClientHttp2Stream): number =>
  writableFinished ? constants.NGHTTP2_NO_ERROR : constants.NGHTTP2_CANCEL;
