import { createHash } from "node:crypto";
import { ApiError } from "../../../src/kubernetes/api-error.ts";
import type { Clock } from "../../../src/kubernetes/clock.ts";
import type { FollowEvent } from "../../../src/run/follow/assemble/events.ts";
import { type FollowReport, followTranscript } from "../../../src/run/follow/follow-transcript.ts";
import type { ContainerState } from "../../../src/run/follow/read/container.ts";
import type { FollowLimits } from "../../../src/run/follow/read/limits.ts";
import type { OpenLog } from "../../../src/run/follow/read/log-source.ts";
import type { GapSource } from "../../../src/run/follow/refill/gap-source.ts";
import { PodCopy } from "../../../src/run/follow/refill/pod-copy.ts";
import { type Channel, frameHead } from "../../../src/runner/frame.ts";
import type { Seal } from "../../../src/runner/seal.ts";
import { FIRST_OFFSET } from "../../../src/runner/spec.ts";
import { SimulatedNode } from "./simulated-node.ts";
import { VirtualClock } from "./virtual-clock.ts";

export interface RunOptions {
  /** Bytes of a frame's body; small, so that long lines are cheap to test. */
  readonly pieceBytes?: number;
  readonly seal?: boolean;
  readonly withFile?: boolean;
  /** The copy in the pod: how much of it is kept, and how likely the connection to it breaks before each piece. */
  readonly podCopy?: { readonly bytes: number; readonly breaks: number };
  readonly limits?: Partial<FollowLimits>;
  readonly onLog?: (stream: Channel, chunk: string) => Promise<void> | void;
  readonly onLine?: (channel: Channel, line: Buffer) => void;
  readonly random?: () => number;
  /** Plain lines, as the sh runner leaves them. */
  readonly raw?: boolean;
}

/** Where the run takes place. */
export interface World {
  readonly clock: Clock;
  readonly node: SimulatedNode;
  readonly open: OpenLog;
  run<T>(work: Promise<T>): Promise<T>;
}

function inVirtualTime(): World {
  const clock = new VirtualClock();
  const node = new SimulatedNode(clock);
  return { clock, node, open: node.open, run: (work) => clock.run(work) };
}

/** An agent, its runner, its node and a follower; in virtual time unless it is told otherwise. */
export class SimulatedRun {
  readonly clock: Clock;
  readonly node: SimulatedNode;
  readonly stdout: Buffer[] = [];
  readonly stderr: Buffer[] = [];
  readonly delivered = { stdout: "", stderr: "" };
  /** Every line in the order in which it was printed, and delivered, without the follower's own. */
  readonly printedOrder: string[] = [];
  readonly deliveredOrder: string[] = [];
  readonly events: FollowEvent[] = [];
  readonly stop = new AbortController();
  readonly #options: RunOptions;
  readonly #world: World;
  readonly #frames: Buffer[] = [];
  #state: ContainerState = "running";
  #seal: Seal | null = null;
  #changed: (() => void)[] = [];

  constructor(options: RunOptions = {}, world: World = inVirtualTime()) {
    this.#options = options;
    this.#world = world;
    this.clock = world.clock;
    this.node = world.node;
  }

  print(channel: Channel, line: Buffer): void {
    const lines = this[channel];
    lines.push(line);
    this.printedOrder.push(`${channel} ${lines.length} ${line}`);
    if (this.#options.raw) {
      this.node.write(line);
      return;
    }
    const { pieceBytes = PIECE_BYTES } = this.#options;
    for (let at = 0, piece = 0; at === 0 || at < line.length; at += pieceBytes, piece++) {
      const last = at + pieceBytes >= line.length;
      const head = Buffer.from(frameHead(channel, lines.length, piece, last));
      this.#write(Buffer.concat([head, line.subarray(at, at + pieceBytes)]));
    }
  }

  /** The container ends; the observer sees it `lateMs` later. */
  async exit(lateMs = 0, newline = true): Promise<void> {
    this.node.end();
    if (lateMs > 0) await this.clock.sleep(lateMs);
    if (this.#options.seal !== false) this.#seal = this.#sealed(newline);
    this.become("terminated");
  }

  become(state: ContainerState): void {
    this.#state = state;
    const waiting = this.#changed;
    this.#changed = [];
    for (const resolve of waiting) resolve();
  }

  async follow(script: (run: this) => Promise<void>): Promise<FollowReport> {
    const following = followTranscript({
      open: this.#world.open,
      container: {
        state: () => this.#state,
        changed: (signal) =>
          new Promise((resolve, reject) => {
            this.#changed.push(resolve);
            signal.addEventListener("abort", () => reject(signal.reason), { once: true });
          }),
        seal: () => this.#seal,
      },
      onLog: this.#options.onLog ?? ((stream, chunk) => this.#keep(stream, chunk)),
      onLine: this.#options.onLine,
      onEvent: (event) => this.events.push(event),
      sources: [
        ...(this.#options.withFile ? [this.#file()] : []),
        ...(this.#options.podCopy ? [this.#podCopy(this.#options.podCopy)] : []),
      ],
      signal: this.stop.signal,
      clock: this.clock,
      random: this.#options.random ?? (() => 0.5),
      limits: { pieceBytes: this.#options.pieceBytes ?? PIECE_BYTES, ...this.#options.limits },
    });
    const [report] = await this.#world.run(Promise.all([following, script(this)]));
    return report;
  }

  #keep(stream: Channel, chunk: string): void {
    this.delivered[stream] += chunk;
    for (const line of chunk.split("\n").slice(0, -1)) {
      if (!line.startsWith("[paperclip] ")) this.deliveredOrder.push(`${stream} ${line}`);
    }
  }

  #write(frame: Buffer): void {
    this.#frames.push(frame);
    this.node.write(frame);
  }

  #sealed(newline: boolean): Seal {
    const base = { v: 1, exitCode: 0, signal: null, ending: "exit" } as const;
    if (this.#options.raw) return { ...base, runner: "sh" };
    const text = Buffer.concat(
      this.stdout.map((line, at) => Buffer.concat([line, newline || at < this.stdout.length - 1 ? NEWLINE : NOTHING])),
    );
    const sha256 = createHash("sha256").update(text).digest("hex");
    return {
      ...base,
      runner: "node",
      stdout: { lines: this.stdout.length, bytes: text.length, sha256, newline: newline || this.stdout.length === 0 },
      stderr: { lines: this.stderr.length, bytes: 0, dropped: 0, tail: "" },
    };
  }

  /** The runner's transcript file, from memory. */
  #file(): GapSource {
    return {
      name: "transcript file",
      refill: async (intake) => {
        intake.take(Buffer.concat(this.#frames.flatMap((frame) => [frame, NEWLINE])), "bare");
        return "read";
      },
    };
  }

  /** The runner's copy in the pod, read by the product's own source. */
  #podCopy({ bytes, breaks }: { bytes: number; breaks: number }): GapSource {
    const { random = () => 0.5 } = this.#options;
    const request = { verb: "create", resource: "pods/exec" };
    const error = new ApiError({ kind: "unreachable", request, detail: "the connection broke" });
    return new PodCopy({
      folder: "/copy/",
      container: { state: () => this.#state },
      onRefused: () => undefined,
      run: async (command, onStdout, signal) => {
        const lines = this.#frames.map((frame) => Buffer.concat([frame, NEWLINE]));
        const printed = printCopy(lines, bytes, Number(command.at(-1)));
        for (let at = 0; at < printed.length; ) {
          await this.clock.sleep(1, signal).catch(() => undefined);
          if (signal.aborted) return { kind: "aborted" };
          if (random() < breaks || this.#state !== "running") return { kind: "failed", error };
          const end = at + 1 + Math.floor(random() * 300);
          onStdout(printed.subarray(at, end));
          at = end;
        }
        return { kind: "exited", exitCode: 0, stderr: "" };
      },
    });
  }
}

/** As the program in the pod prints it: the offset of what follows, and what is kept from there on. */
function printCopy(all: readonly Buffer[], bytes: number, from: number): Buffer {
  const sizes = all.map((line) => line.length);
  let offset = FIRST_OFFSET;
  let dropped = 0;
  for (let left = sizes.reduce((sum, size) => sum + size, 0); left > bytes; dropped++) {
    left -= sizes[dropped] ?? 0;
    offset += sizes[dropped] ?? 0;
  }
  const start = Math.max(from, offset);
  const kept = Buffer.concat(all.slice(dropped)).subarray(start - offset);
  return Buffer.concat([Buffer.from(`${start}\n`), kept]);
}

const PIECE_BYTES = 16;
const NEWLINE = Buffer.from("\n");
const NOTHING = Buffer.alloc(0);
