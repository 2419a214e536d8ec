import { closeSync, openSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import type { AgentEnd } from "./agent.ts";
import { HandoverReader, SOCKET } from "./handover.ts";
import { Recording } from "./recording.ts";
import { readSpec } from "./run-agent.ts";
import type { WorkspaceLeft } from "./seal.ts";
import { SealFile } from "./seal-file.ts";
import { onStopSignal } from "./stop-signals.ts";
import { callAfter } from "./timer.ts";

export interface RecorderPlaces {
  readonly runDirectory: string;
  readonly terminationLog: string;
  /** Where the socket is made: the agent's container sees it and cannot write to it. */
  readonly folder: string;
  readonly transcript: string | undefined;
}

/** Made by the first recorder of a pod. */
const BEGUN = "begun";
/** Beyond the agent's grace: the kubelet ends this container after the agent's, whose sockets are closed by then. Seconds. */
const MARGIN_SEC = 10;

/** The end of an agent whose container was killed, or never connected: its own status tells more. */
const NOT_TOLD: AgentEnd = { ending: "unknown", exitCode: null, signal: null };

/**
 * The recorder's half: takes the agent's output from the other container, records it and seals. It ends only when it is
 * told to: the kubelet starts a sidecar again that ends by itself. Resolves with true when a volume hangs.
 */
export async function recordOutput({
  runDirectory,
  terminationLog,
  folder,
  transcript,
}: RecorderPlaces): Promise<boolean> {
  // A process that waits for a signal alone would end.
  const stayAlive = setInterval(() => {}, 2 ** 30);
  const toldToStop = new Promise<void>((resolve) => onStopSignal(() => resolve()));
  // The path of a socket has at most 107 bytes; a name in the working directory always fits.
  process.chdir(folder);
  if (!isFirst()) {
    // What the one before has counted is lost with it, and the agent is being ended.
    const error = "the recorder was started again, and records nothing";
    new SealFile(terminationLog).write({ v: 1, runner: "node", partial: true, ...NOT_TOLD, error });
    await toldToStop;
    clearInterval(stayAlive);
    return false;
  }
  const recording = new Recording(terminationLog, transcript, true);
  const { end, left } = await record(recording, toldToStop, readSpec(runDirectory).graceSec);
  await recording.finish(end, undefined, Promise.resolve(left));
  await toldToStop;
  clearInterval(stayAlive);
  return recording.hangs;
}

function isFirst(): boolean {
  try {
    closeSync(openSync(BEGUN, "wx"));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

interface Told {
  readonly end: AgentEnd;
  readonly left?: WorkspaceLeft | undefined;
}

async function record(recording: Recording, toldToStop: Promise<void>, graceSec: number): Promise<Told> {
  const agent = await connection(toldToStop);
  if (!agent) return { end: NOT_TOLD };
  void toldToStop.then(() => callAfter((graceSec + MARGIN_SEC) * 1000, () => agent.destroy()));
  return recordUntilClosed(agent, recording);
}

/**
 * The first connection is that of the agent's half, made before it starts the agent; there is no second: the socket is
 * closed and its name removed. Null when the recorder is told to stop before.
 */
async function connection(toldToStop: Promise<void>): Promise<Socket | null> {
  let first: Socket | null = null;
  const server = createServer({ pauseOnConnect: true });
  const connected = new Promise<Socket>((resolve, reject) => {
    server.once("error", reject);
    server.on("connection", (socket) => {
      if (first) socket.destroy();
      first ??= socket;
      resolve(first);
    });
  });
  // Another user connects than the one who listens.
  server.listen({ path: SOCKET, writableAll: true, readableAll: true });
  const socket = await Promise.race([connected, toldToStop.then(() => null)]);
  server.close();
  return socket;
}

/** Records until the other side closes, no faster than the log takes it. */
async function recordUntilClosed(agent: Socket, recording: Recording): Promise<Told> {
  const { stdout, stderr, writers } = recording;
  let told: AgentEnd | null = null;
  let left: WorkspaceLeft | undefined;
  const reader = new HandoverReader({
    output: (channel, bytes) => {
      if (channel === "note") stderr.note(bytes);
      else (channel === "stdout" ? stdout : stderr).push(bytes);
    },
    freshSession: (fresh) => {
      stdout.nextProcess();
      recording.freshSession(fresh);
    },
    end: (end) => {
      told = end;
    },
    workspace: (workspace) => {
      left = workspace;
    },
  });
  const full = (): boolean => writers.some((writer) => writer.full);
  for (const writer of writers) {
    writer.onRoom = () => {
      if (!full()) agent.resume();
    };
  }
  const closed = new Promise<void>((resolve) => agent.once("close", () => resolve()));
  // A connection that breaks is one that was closed.
  agent.on("error", () => {});
  agent.on("data", (chunk: Buffer) => {
    if (!reader.push(chunk)) {
      recording.report("the agent's container has sent what its runner never sends: the record ends here");
      agent.destroy();
    } else if (full()) agent.pause();
  });
  agent.resume();
  await closed;
  return { end: told ?? NOT_TOLD, left };
}
