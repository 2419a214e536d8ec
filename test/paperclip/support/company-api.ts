/** The part of Paperclip's API that tells of runs, over real HTTP, and a clock that moves one round at a time. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export class CompanyApi {
  readonly statuses = new Map<string, string>();
  /** `TOKEN PATH`, in the order of arrival. */
  readonly asked: string[] = [];
  /** Tokens that get this HTTP status for everything. */
  readonly denied = new Map<string, number>();
  /** Runs that the list leaves out, as if others were newer. */
  readonly older = new Set<string>();
  /** HTTP status of the list; 200 = it is there. */
  list = 200;
  /** HTTP status of everything; null = as usual. */
  failure: number | null = null;
  readonly #server = createServer((request, response) => this.#answer(request, response));

  async start(): Promise<string> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #answer({ url = "", headers }: IncomingMessage, response: ServerResponse): void {
    const token = headers.authorization?.replace("Bearer ", "") ?? "";
    this.asked.push(`${token} ${url}`);
    const say = (status: number, body: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    const refusal = this.failure ?? this.denied.get(token);
    if (refusal !== undefined) return void say(refusal, { error: "no" });
    if (url.startsWith("/api/companies/")) {
      const runs = [...this.statuses].map(([id, status]) => ({ id, status, contextSnapshot: {} }));
      const page = runs.filter(({ id }) => !this.older.has(id));
      return void say(this.list, this.list === 200 ? page : { error: "Not found" });
    }
    const id = decodeURIComponent(url.slice("/api/heartbeat-runs/".length));
    const status = this.statuses.get(id);
    say(status === undefined ? 404 : 200, status === undefined ? { error: "Heartbeat run not found" } : { id, status });
  }
}

/** Time passes when a test says so; `pass` resolves when everybody sleeps again. */
export class RoundClock {
  #now = Date.UTC(2026, 10, 22);
  #wake: (() => void) | null = null;
  #asleep = Promise.withResolvers<void>();

  now = (): number => this.#now;

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#wake = () => {
        this.#now += ms;
        resolve();
      };
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.#asleep.resolve();
    });
  }

  /** One round. */
  async pass(): Promise<void> {
    await this.#asleep.promise;
    this.#asleep = Promise.withResolvers();
    this.#wake?.();
    await this.#asleep.promise;
  }

  async passAll(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++) await this.pass();
  }
}
