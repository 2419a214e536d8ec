/** Several servers of one Paperclip behind one address: the same database, home and cluster. */
import { PaperclipApi } from "../host/api.ts";
import type { PaperclipServer } from "../host/server.ts";
import { type Front, openFront } from "./front.ts";
import { Stage, type StageOptions } from "./stage.ts";

export class SeveralServers implements AsyncDisposable {
  readonly stage: Stage;
  /** Of the address that they share, which agents and supervisors are told too. */
  readonly api: PaperclipApi;
  readonly #front: Front;
  readonly #servers: PaperclipServer[] = [];
  readonly #undo: AsyncDisposableStack;
  /** Also of those that were killed. */
  readonly logFiles = new Set<string>();

  private constructor(stage: Stage, front: Front, undo: AsyncDisposableStack) {
    this.stage = stage;
    this.api = new PaperclipApi(front.url);
    this.#front = front;
    this.#undo = undo;
  }

  static async open(count: number, options: StageOptions = {}): Promise<SeveralServers> {
    await using undo = new AsyncDisposableStack();
    const front = undo.use(await openFront());
    const stage = undo.use(await Stage.open({ ...options, env: { ...options.env, PAPERCLIP_API_URL: front.url } }));
    const more = await Promise.all(Array.from({ length: count - 1 }, () => stage.replica()));
    const all = new SeveralServers(stage, front, undo.move());
    for (const [index, server] of [stage.server, ...more].entries()) all.#take(index, server);
    return all;
  }

  /** The one at that place: of the first, or of its replacement. */
  at(index: number): PaperclipServer {
    const server = this.#servers[index % this.#servers.length];
    if (!server) throw new Error("there is one at least");
    return server;
  }

  /** SIGKILL. */
  async kill(index: number): Promise<void> {
    const server = this.at(index);
    this.#front.remove(server.port);
    await server.kill();
  }

  /** Another one in its place, on the same port. Resolves when it is ready. */
  async replace(index: number): Promise<void> {
    const { port } = this.at(index);
    this.#take(index % this.#servers.length, await this.stage.replica({ port }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo.disposeAsync();
  }

  #take(index: number, server: PaperclipServer): void {
    this.#servers[index] = server;
    this.logFiles.add(server.logFile);
    this.#front.add(server.port);
  }
}
