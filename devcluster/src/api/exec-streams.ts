import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { RawData, WebSocket } from "ws";
import type { ExecProcess } from "../types.ts";
import type { FaultAction } from "./faults.ts";
import type { Answer } from "./request.ts";
import type { Wire } from "./write.ts";

export type ExecAnswer = Extract<Answer, { kind: "exec" }>;

/** In the order of the server's liking. v5 adds one thing: the client can close its stdin. */
export const PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"] as const;

/** The first byte of each message. */
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 } as const;

interface Connection {
  readonly wire: Pick<Wire, "closed" | "reset">;
  readonly faults: readonly FaultAction[];
}

/** Runs the program and carries its streams; ends with its status on the channel for that. Never rejects. */
export async function serveExec(webSocket: WebSocket, answer: ExecAnswer, connection: Connection): Promise<void> {
  const channels = new Channels(webSocket, connection);
  // Heard from the start: what comes before the program runs is kept.
  const input: Buffer[] = [];
  let give = (message: Buffer): void => void input.push(message);
  webSocket.on("message", (data: RawData) => give(Buffer.concat([data].flat() as Buffer[])));
  try {
    const program = await answer.start();
    connection.wire.closed.addEventListener("abort", () => hangUp(program), { once: true });
    if (connection.wire.closed.aborted) hangUp(program);
    // Also when the program ends without having read: what it held back then never drains.
    for (const event of ["drain", "close"]) program.stdin?.on(event, () => webSocket.resume());
    give = (message) => takeInput(message, program, webSocket);
    input.forEach(give);
    await Promise.all([channels.copy(CHANNEL.stdout, program.stdout), channels.copy(CHANNEL.stderr, program.stderr)]);
    await channels.end(exitStatus(await program.exited));
  } catch (error) {
    // As the translating proxy of a real API server: the connection stands before the kubelet is asked.
    await channels.end(internalError(error instanceof Error ? error.message : String(error)));
  }
}

function takeInput(message: Buffer, { stdin }: ExecProcess, webSocket: WebSocket): void {
  const [channel, closed] = message;
  if (stdin === null) return;
  if (channel === CHANNEL.close && closed === CHANNEL.stdin) stdin.end();
  if (channel !== CHANNEL.stdin || message.length === 1 || !stdin.writable) return;
  if (!stdin.write(message.subarray(1))) webSocket.pause();
}

/** The program lives on; it finds out when it writes. */
function hangUp({ stdin, stdout, stderr }: ExecProcess): void {
  stdin?.end();
  stdout.destroy();
  stderr.destroy();
}

/** What goes to the client, as far as the faults let it. */
class Channels {
  readonly #webSocket: WebSocket;
  readonly #wire: Connection["wire"];
  readonly #fault: Extract<FaultAction, { kind: "cut" | "stall" }> | undefined;
  #left: number;

  constructor(webSocket: WebSocket, { wire, faults }: Connection) {
    this.#webSocket = webSocket;
    this.#wire = wire;
    this.#fault = faults.find((fault) => fault.kind === "cut" || fault.kind === "stall");
    const { afterBytes, afterMilliseconds } = this.#fault ?? { afterBytes: Number.POSITIVE_INFINITY };
    this.#left = afterBytes ?? (afterMilliseconds === undefined ? 0 : Number.POSITIVE_INFINITY);
    if (afterMilliseconds !== undefined) void sleep(afterMilliseconds).then(() => this.#interrupt());
    if (this.#left === 0) this.#interrupt();
  }

  async copy(channel: number, from: Readable): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        await this.#send(channel, chunk.subarray(0, this.#left));
        this.#left -= chunk.length;
        if (this.#left <= 0) this.#interrupt();
      }
    } catch (error) {
      if (!this.#wire.closed.aborted) throw error;
    }
  }

  async end(status: object): Promise<void> {
    await this.#send(CHANNEL.status, Buffer.from(JSON.stringify(status)));
    if (this.#left > 0) this.#webSocket.close(1000);
  }

  async #send(channel: number, bytes: Buffer): Promise<void> {
    if (bytes.length === 0 || this.#left <= 0 || this.#wire.closed.aborted) return;
    const message = Buffer.concat([Buffer.of(channel), bytes]);
    // Called also when the connection breaks.
    await new Promise<void>((resolve) => this.#webSocket.send(message, () => resolve()));
  }

  #interrupt(): void {
    this.#left = 0;
    if (this.#fault?.kind !== "cut") return;
    if (this.#fault.end === "clean") this.#webSocket.close(1000);
    else this.#wire.reset();
  }
}

function exitStatus(exitCode: number): object {
  if (exitCode === 0) return { metadata: {}, status: "Success" };
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: command terminated with exit code ${exitCode}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(exitCode) }] },
  };
}

function internalError(message: string): object {
  return {
    metadata: {},
    status: "Failure",
    message: `Internal error occurred: ${message}`,
    reason: "InternalError",
    details: { causes: [{ message }] },
    code: 500,
  };
}
