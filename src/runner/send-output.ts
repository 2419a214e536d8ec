import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type AgentEnd, NotStarted, StoppedBefore } from "./agent.ts";
import { EventReader } from "./event-reader.ts";
import { type Channel, type FreshSession, jsonMessage, outputHead, SOCKET } from "./handover.ts";
import type { BackPressure, Output } from "./output.ts";
import { runAgent } from "./run-agent.ts";
import type { WorkspaceLeft } from "./seal.ts";
import { SealFile } from "./seal-file.ts";
import { firstStopSignal } from "./stop-signals.ts";
import { Tail } from "./tail.ts";
import { withTimeout } from "./timer.ts";

/** The recorder's container runs when this one starts; its Node may need a while to listen. Milliseconds. */
const CONNECT_WITHIN_MS = 60_000;
const CONNECT_AGAIN_MS = 20;
/** A recorder that does not read must not keep the container of a finished agent. Milliseconds. */
const LAST_WRITES_MS = 10_000;
/** Above this many waiting bytes the agent is no longer read. */
const HIGH_WATER = 1024 * 1024;

export interface SenderPlaces {
  readonly runDirectory: string;
  readonly terminationLog: string;
  readonly workingDirectory: string;
  /** Where the recorder's socket is. */
  readonly folder: string;
}

/** The agent's half: runs the agent, and hands everything that it prints to the recorder. Resolves with the exit code. */
export async function sendOutput({ terminationLog, folder, ...places }: SenderPlaces): Promise<number> {
  // It judges nothing: it tells why there is no record, where there is none.
  const ownWord = new SealFile(terminationLog);
  ownWord.write({ v: 1, runner: "node", partial: true, ending: "unknown", exitCode: null, signal: null });
  let sender: Sender | null = null;
  const report = (sentence: string): void => {
    process.stderr.write(`runner: ${sentence}\n`);
    sender?.send("stderr", Buffer.from(`runner: ${sentence}\n`));
  };
  const openOutput = async (): Promise<Output> => {
    sender = new Sender(await connect(folder));
    process.stdout.write("The agent's output is in the log of the container recorder.\n");
    return outputTo(sender, report);
  };
  const onFreshSession = (fresh: FreshSession): void => sender?.freshSession(fresh);
  const run = await runAgent({ ...places, openOutput, report, onFreshSession });
  const { end, exitCode, bringHome, leaveWorkspace } = run;
  const leaving = leaveWorkspace();
  const notKept = await withTimeout(LAST_WRITES_MS, Promise.resolve(bringHome())).catch((error: Error) => error);
  if (notKept) report(`the changes to Claude Code's configuration were not kept: ${notKept.message}`);
  const isRecorded = (await (sender as Sender | null)?.end(end, leaving)) ?? false;
  const error = isRecorded || !sender ? end.error : "the recorder was gone before the agent's end";
  ownWord.write({ v: 1, runner: "node", ...end, ...(error === undefined ? {} : { error }) });
  return exitCode;
}

/** Rejects with NotStarted or StoppedBefore. */
async function connect(folder: string): Promise<Socket> {
  const until = performance.now() + CONNECT_WITHIN_MS;
  for (;;) {
    const signal = await firstStopSignal();
    if (signal) throw new StoppedBefore(signal);
    try {
      // The path of a socket has at most 107 bytes; a name in the working directory always fits.
      process.chdir(folder);
      const socket = createConnection(SOCKET);
      await once(socket, "connect");
      return socket;
    } catch (error) {
      if (performance.now() > until)
        throw new NotStarted(
          125,
          "the recorder does not take the agent's output (see the log of container recorder)",
          error,
        );
    }
    await sleep(CONNECT_AGAIN_MS);
  }
}

function outputTo(sender: Sender, report: (sentence: string) => void): Output {
  const events = new EventReader();
  const tail = new Tail();
  const stdout = {
    events,
    bytes: 0,
    push(chunk: Buffer): void {
      this.bytes += chunk.length;
      sender.send("stdout", chunk);
      events.push(chunk);
    },
    processEnded: () => events.end(),
    nextProcess: () => events.nextProcess(),
  };
  const stderr = {
    bytes: 0,
    get tail(): string {
      return tail.text;
    },
    push(chunk: Buffer): void {
      this.bytes += chunk.length;
      tail.push(chunk);
      sender.send("stderr", chunk);
    },
    note(lines: Buffer): void {
      this.bytes += lines.length;
      sender.send("note", lines);
    },
  };
  return { stdout, stderr, writers: [sender], lost: sender.lost, report };
}

/** Never throws: what is sent to a recorder that is gone is thrown away, so that the agent can end. */
export class Sender implements BackPressure {
  full = false;
  onRoom: () => void = () => {};
  /** Resolves when the recorder is gone before the end. */
  readonly lost: Promise<void>;
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #isGone = false;
  #isEnding = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {});
    // It says nothing; its end is heard only by who reads.
    socket.resume();
    socket.on("drain", () => this.#makeRoom());
    this.#closed = new Promise((resolve) => socket.once("close", () => resolve()));
    this.lost = new Promise((resolve) => {
      void this.#closed.then(() => {
        this.#isGone = true;
        this.#makeRoom();
        if (!this.#isEnding) resolve();
      });
    });
  }

  send(channel: Channel, bytes: Buffer): void {
    if (this.#isGone || bytes.length === 0) return;
    this.#socket.cork();
    this.#socket.write(outputHead(channel, bytes));
    this.#socket.write(bytes);
    this.#socket.uncork();
    if (this.#socket.writableLength > HIGH_WATER) this.full = true;
  }

  freshSession(fresh: FreshSession): void {
    if (!this.#isGone) this.#socket.write(jsonMessage("fresh", fresh));
  }

  /**
   * False when the recorder did not take everything.
   *
   * @param leaving what is left in the workspace; the end is told before that is known
   */
  async end(end: AgentEnd, leaving: Promise<WorkspaceLeft | undefined>): Promise<boolean> {
    if (this.#isGone) return false;
    this.#isEnding = true;
    this.#socket.write(jsonMessage("end", end));
    const left = await leaving;
    const written = new Promise<void>((resolve) => this.#socket.once("finish", () => resolve()));
    if (left) this.#socket.write(jsonMessage("workspace", left));
    this.#socket.end();
    await withTimeout(LAST_WRITES_MS, Promise.race([written, this.#closed])).catch(() => {});
    return this.#socket.writableFinished;
  }

  #makeRoom(): void {
    if (!this.full) return;
    this.full = false;
    this.onRoom();
  }
}
