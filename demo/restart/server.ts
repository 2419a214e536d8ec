/** A process that executes a run, from the demo's side. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { AdapterExecutionContext, AdapterExecutionResult } from "@paperclipai/adapter-utils";
import type { FromServer, ToServer } from "./messages.ts";

const program = fileURLToPath(new URL("server-process.ts", import.meta.url));

export class Server implements AsyncDisposable {
  readonly #child: ChildProcess;
  /** Null: it was killed before it had one. Rejects when it ends without one by itself. */
  readonly result: Promise<AdapterExecutionResult | null>;
  #killed = false;

  constructor(ctx: AdapterExecutionContext, onLog: AdapterExecutionContext["onLog"]) {
    this.#child = fork(program, { serialization: "advanced" });
    this.result = this.#listen(ctx, onLog);
    const { runId, agent, runtime, config, context } = ctx;
    this.#send({ kind: "execute", run: { runId, agent, runtime, config, context } });
    ctx.signal?.addEventListener("abort", this.#cancel);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** `kill -9`: it gets to do nothing any more. */
  async kill(): Promise<void> {
    this.#killed = true;
    const ended = this.#hasEnded() ? null : once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  readonly #cancel = (): void => this.#send({ kind: "cancel", reason: "Cancelled in the demo" });

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #send(message: ToServer): void {
    // It may be gone; its end is told by `result`.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  async #listen(ctx: AdapterExecutionContext, onLog: AdapterExecutionContext["onLog"]) {
    let result: AdapterExecutionResult | null = null;
    let shown = Promise.resolve();
    this.#child.on("message", (message: FromServer) => {
      if (message.kind === "log") {
        shown = shown.then(() => onLog(message.stream, message.chunk));
        shown.catch(() => "told when the process has ended");
      } else if (message.kind === "progress") void ctx.onRuntimeProgress?.(message.update);
      else result = message.result;
    });
    await once(this.#child, "close");
    ctx.signal?.removeEventListener("abort", this.#cancel);
    await shown;
    if (result === null && !this.#killed) throw new Error("The adapter's process ended without a result.");
    return result;
  }
}
