import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { dispatch } from "./dispatch.ts";
import type { FaultAction, FaultSource } from "./faults.ts";
import { actingUser } from "./impersonation.ts";
import type { Answer, ApiContext } from "./request.ts";
import type { WritableRequestLog } from "./request-log.ts";

export interface Handling {
  readonly context: ApiContext;
  readonly faults: FaultSource;
  readonly requests: WritableRequestLog;
}

/** A request that has arrived: noted in the log, its faults taken. */
export class Arrival {
  readonly now: number;
  readonly accept: string | undefined;
  readonly actions: readonly FaultAction[];
  readonly warnings: string[] = [];
  readonly #headers: IncomingHttpHeaders;
  readonly #query: URLSearchParams;
  readonly #target: { readonly method: string; readonly path: string };
  readonly #context: ApiContext;
  readonly #record: ReturnType<WritableRequestLog["add"]>;
  #user = "";

  constructor(
    { method, url, headers }: Pick<IncomingMessage, "method" | "url" | "headers">,
    { context, faults, requests }: Handling,
  ) {
    const { pathname, search, searchParams } = new URL(url ?? "/", "https://127.0.0.1");
    this.#target = { method: method ?? "", path: pathname };
    this.#query = searchParams;
    this.#headers = headers;
    this.#context = context;
    this.now = context.store.clock();
    this.accept = headers.accept;
    const target = { ...this.#target, query: search.slice(1) };
    const userAgent = headers["user-agent"] ?? "";
    this.#record = requests.add({ time: this.now, ...target, userAgent, user: "", status: 0 });
    this.actions = faults.take(target);
  }

  /** Lets the caller's own rights answer. Throws ApiError. */
  async dispatch(body: Uint8Array, signal: AbortSignal): Promise<Answer> {
    const { access } = this.#context;
    const caller = access.authenticate(this.#headers.authorization);
    this.#user = caller.name;
    const user = actingUser(this.#headers, caller, access);
    this.#user = user.name;
    const warn = (text: string): void => void this.warnings.push(text);
    const request = { ...this.#target, query: this.#query, headers: this.#headers, body, user, signal, warn };
    return dispatch(request, this.#context);
  }

  answered(code: number): void {
    this.#record.answered(code, this.#user);
  }
}
