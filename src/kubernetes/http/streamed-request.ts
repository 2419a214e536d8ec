import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import { StreamedBody } from "./streamed-body.ts";

type Controller = Dispatcher.DispatchController;

export interface StreamedAnswer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: StreamedBody;
}

/**
 * As undici's own `request`, for an answer that is long: without the Node stream between, which takes each frame for itself.
 * Rejects, and ends the body, with the signal's reason when that aborts.
 */
export function streamedRequest(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  signal: AbortSignal,
): Promise<StreamedAnswer> {
  return new Promise((resolve, reject) => {
    let controller: Controller | null = null;
    let body: StreamedBody | null = null;
    const onAbort = () => {
      const reason = signal.reason as Error;
      body?.discard(reason);
      reject(reason);
      controller?.abort(reason);
    };
    const settled = () => signal.removeEventListener("abort", onAbort);
    signal.addEventListener("abort", onAbort, { once: true });
    dispatcher.dispatch(options, {
      onRequestStart(started) {
        controller = started;
        if (signal.aborted) started.abort(signal.reason as Error);
      },
      onResponseStart(started, statusCode, headers) {
        if (statusCode < 200) return;
        body = new StreamedBody({
          pause: () => started.pause(),
          resume: () => started.resume(),
          cancel: () => {
            settled();
            started.abort(new Error("nobody reads the answer any more"));
          },
        });
        resolve({ statusCode, headers, body });
      },
      onResponseData: (_, piece) => body?.push(piece),
      onResponseEnd() {
        settled();
        body?.finish();
      },
      onResponseError(_, error) {
        settled();
        body?.finish(error);
        reject(error);
      },
    });
  });
}
