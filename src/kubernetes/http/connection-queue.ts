import type { Dispatcher } from "undici";

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

/**
 * The requests that wait for a connection. Undici keeps them without a bound and deaf to their signals, and fails one of them
 * with each connection that it cannot open (8.12, measured: of five calls with a limit of 0.5 s, to a server that accepts and
 * says nothing, the fifth failed when five connections had). Here each ends with its signal, and undici has a few of them.
 */
export class ConnectionQueue {
  readonly #most: number;
  readonly #waiting = new Set<() => void>();
  /** Those that undici has, and has not begun to send. */
  #held = 0;

  /** @param most that undici has: the streams of a connection */
  constructor(most = 100) {
    this.#most = most;
  }

  /**
   * For `compose`, of one request.
   *
   * @param onSending called before the first byte of it is sent; never called: none was
   */
  until(signal: AbortSignal, onSending: () => void = () => undefined): Dispatcher.DispatcherComposeInterceptor {
    return (dispatch) => (options, handler) => {
      const request = new HeldRequest(handler, signal, onSending, () => this.#leave());
      const begin = (): void => {
        this.#held += 1;
        request.isHeld = true;
        dispatch(options, request);
      };
      if (this.#held < this.#most && this.#waiting.size === 0) begin();
      else {
        this.#waiting.add(begin);
        request.onEnd = () => this.#waiting.delete(begin);
      }
      return true;
    };
  }

  /** The next begins on a stack of its own: thousands may fail one after the other as soon as they begin. */
  #leave(): void {
    this.#held -= 1;
    queueMicrotask(() => this.#beginNext());
  }

  #beginNext(): void {
    const [next] = this.#waiting;
    if (next === undefined || this.#held >= this.#most) return;
    this.#waiting.delete(next);
    next();
  }
}

/** A request that has not begun. When it has, all that comes is handed on. */
class HeldRequest implements Handler {
  isHeld = false;
  /** It has ended before it was held. */
  onEnd: () => void = () => undefined;
  readonly #handler: Handler;
  readonly #signal: AbortSignal;
  readonly #onSending: () => void;
  readonly #leave: () => void;
  readonly #abort = (): void => {
    this.#isOver = true;
    this.onEnd();
    // Nothing of it was sent that there could be a controller of.
    this.#handler.onResponseError?.(null as never, this.#signal.reason);
  };
  #isOver = false;

  constructor(handler: Handler, signal: AbortSignal, onSending: () => void, leave: () => void) {
    this.#handler = handler;
    this.#signal = signal;
    this.#onSending = onSending;
    this.#leave = leave;
    signal.addEventListener("abort", this.#abort, { once: true });
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#begun();
    if (this.#isOver) {
      controller.abort(this.#signal.reason);
      return;
    }
    this.#onSending();
    this.#handler.onRequestStart?.(controller, context);
  }

  onResponseStart(
    ...[controller, status, headers, message]: Parameters<NonNullable<Handler["onResponseStart"]>>
  ): void {
    this.#handler.onResponseStart?.(controller, status, headers, message);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(...[controller, trailers]: Parameters<NonNullable<Handler["onResponseEnd"]>>): void {
    this.#handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Controller, error: Error): void {
    this.#begun();
    if (!this.#isOver) this.#handler.onResponseError?.(controller, error);
  }

  #begun(): void {
    this.#signal.removeEventListener("abort", this.#abort);
    if (!this.isHeld) return;
    this.isHeld = false;
    this.#leave();
  }
}
