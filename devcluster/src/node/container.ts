import { type ChildProcessByStdio, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import type { Clock } from "../types.ts";
import type { ContainerLog } from "./logs/container-log.ts";
import type { Translate } from "./paths.ts";
import { CONTAINER_VARIABLE, handlesTerm, killContainer, processesOf, signal, workerOf } from "./process-tree.ts";

export interface Launch {
  /** Turns the pod's paths into the host's, in the arguments of programs that are run in the container later. */
  readonly translate: Translate;
  /** What is run in the container later sees its mounts. */
  readonly enter: (argv: readonly [string, ...string[]]) => [string, ...string[]];
  readonly id: string;
  /** The program, an absolute path, and its arguments. */
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
}

export interface Exit {
  readonly exitCode: number;
  readonly finishedAt: number;
  /** A process of the container was killed for want of memory. */
  readonly outOfMemory: boolean;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** One argument or variable is too long, or all together (measured: such a container starts and exits 255). */
const ARGUMENTS_TOO_LONG = 255;

/** A process that escaped may hold the pipes open; after this many milliseconds nobody listens any more. */
const LAST_WORDS = 2000;

/** A container: a process with a session of its own, and all that come from it. */
export class Container {
  /** Resolves when the first process has exited, every other one is dead and the log is complete. */
  readonly exited: Promise<Exit>;
  readonly #id: string;
  readonly #child: Child | undefined;
  #outOfMemory = false;
  #killed: Promise<void> | undefined;

  /** Throws what `spawn` throws when the program cannot be run. */
  static async start(launch: Launch, log: ContainerLog, clock: Clock): Promise<Container> {
    const [program, ...rest] = launch.argv;
    try {
      const child = spawn(program, rest, {
        cwd: launch.workingDirectory,
        env: { ...launch.env, [CONTAINER_VARIABLE]: launch.id },
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      });
      child.stdout.on("data", (chunk: Buffer) => log.write("stdout", chunk));
      child.stderr.on("data", (chunk: Buffer) => log.write("stderr", chunk));
      const container = new Container(launch.id, child, log, clock);
      await new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));
      return container;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "E2BIG") throw error;
      log.write("stderr", Buffer.from(`exec ${program}: argument list too long\n`));
      return new Container(launch.id, undefined, log, clock);
    }
  }

  private constructor(id: string, child: Child | undefined, log: ContainerLog, clock: Clock) {
    this.#id = id;
    this.#child = child;
    this.exited = this.#wait(log, clock);
    // Nobody waits for a container that could not start.
    this.exited.catch(() => {});
  }

  /** Asks the first process to end. */
  async terminate(): Promise<void> {
    const pid = this.#running();
    if (pid !== undefined && (await handlesTerm(pid)) && this.#running() !== undefined) signal(pid, "SIGTERM");
  }

  async kill(): Promise<void> {
    const pid = this.#running();
    if (pid === undefined) return;
    this.#killed ??= killContainer(pid, this.#id);
    await this.#killed;
  }

  /**
   * What a memory limit does: kills the whole container, or, as with cgroup v1, one process that works in it and is not the
   * first; then the container ends as it likes and is told OOMKilled all the same (measured).
   */
  async killForMemory(options: { readonly child: boolean }): Promise<void> {
    const pid = this.#running();
    if (pid === undefined) return;
    this.#outOfMemory = true;
    if (!options.child) {
      await this.kill();
      return;
    }
    const victim = await workerOf((await processesOf(this.#id)).filter((other) => other !== pid));
    if (victim === undefined) throw new Error("the container has no process besides its first");
    signal(victim, "SIGKILL");
  }

  #running(): number | undefined {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return undefined;
    return child.pid;
  }

  async #wait(log: ContainerLog, clock: Clock): Promise<Exit> {
    const child = this.#child;
    if (child === undefined) {
      log.end();
      return { exitCode: ARGUMENTS_TOO_LONG, finishedAt: clock(), outOfMemory: false };
    }
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, name) => resolve(code ?? 128 + (name === null ? 0 : constants.signals[name])));
    });
    const finishedAt = clock();
    // The kernel kills a PID namespace with its first process; here the devcluster does.
    if (child.pid !== undefined) await killContainer(child.pid, this.#id);
    const timer = setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, LAST_WORDS);
    await closed;
    clearTimeout(timer);
    log.end();
    return { exitCode, finishedAt, outOfMemory: this.#outOfMemory };
  }
}
