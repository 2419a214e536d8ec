import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { runnerScript, startScript } from "../../src/runner/scripts.generated.ts";
import type { Seal } from "../../src/runner/seal.ts";
import { parseSeal } from "../../src/runner/seal-message.ts";
import { RUN_FILES, type RunnerSpec, shellSpec } from "../../src/runner/spec.ts";
import { LogReader } from "./log-reader.ts";
import { pidNamespace, type RunnerUnderTest } from "./runners.ts";

export interface PodOptions {
  readonly command: RunnerSpec["command"];
  readonly prompt?: Buffer | string | null;
  readonly graceSec?: number;
  readonly timeoutSec?: number;
  /** What the runner is told beyond that. */
  readonly more?: Pick<
    RunnerSpec,
    "terminalResultGraceMs" | "silenceLimitSec" | "toolSilenceLimitSec" | "fresh" | "goesOn" | "workspace"
  >;
  readonly transcript?: boolean | string;
  readonly workingDirectory?: string;
  readonly env?: Record<string, string>;
  readonly terminationLog?: string;
  /** Scripts to stand for programs of the pod, such as Node. */
  readonly fakes?: Readonly<Record<string, string>>;
  /** Whether start.sh is to be process 1 of a PID namespace, as in a pod, where that is permitted here. */
  readonly first?: boolean;
  /** Where the record is kept by a container of its own: which of the two this is. */
  readonly half?: "send" | "record";
  /** More files of the run's Secret. */
  readonly files?: Record<string, string | Buffer>;
}

export interface PodEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly seal: Seal;
  /** The agent's stdout, put together from the log and, for its last newline, the seal. */
  readonly stdout: Buffer;
  readonly log: LogReader;
  readonly sha256: string;
  readonly stderr: Buffer;
}

/** A pod without a cluster: the run's Secret in a folder, start.sh as the container's command, its pipes read. */
export class Pod {
  readonly folder = mkdtempSync(join(tmpdir(), "runner-pod-"));
  readonly log = new LogReader();
  readonly process: ChildProcess;
  /** The highest resident memory of the runner that was seen, in bytes. */
  peakMemory = 0;
  readonly #closed: Promise<unknown>;
  readonly #inNamespace: boolean;
  readonly #stderr: Buffer[] = [];
  #fault: Error | null = null;

  constructor(runner: RunnerUnderTest, options: PodOptions) {
    const start = this.#writeSecret(options);
    const [shell, ...shellOptions] = runner.shell as [string, ...string[]];
    const { terminationLog = this.terminationLog, workingDirectory = this.workingDirectory } = options;
    const half = options.half ? [options.half] : [];
    const words = [terminationLog, workingDirectory, ...this.#transcript(options), ...half];
    mkdirSync(join(this.folder, "tmp"));
    mkdirSync(join(this.folder, "bin"));
    const programs = { ...runner.programs, ...this.#writeFakes(options) };
    for (const [name, path] of Object.entries(programs)) symlinkSync(path, join(this.folder, "bin", name));
    this.#inNamespace = options.first === true && pidNamespace.length > 0;
    const [program, ...args] = [...(this.#inNamespace ? pidNamespace : []), shell, ...shellOptions, start, ...words];
    this.process = spawn(program as string, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: join(this.folder, "bin"), TMPDIR: join(this.folder, "tmp"), ...options.env },
      // A group of its own, so that nothing of it outlives the test.
      detached: true,
    });
    this.#closed = once(this.process, "close");
    // As in a pod, where all processes end with the first.
    this.process.once("exit", () => this.#killGroup());
    // What the agent's half prints itself is no record.
    this.process.stdout?.on("data", (chunk: Buffer) => (options.half === "send" ? undefined : this.#read(chunk)));
    this.process.stderr?.on("data", (chunk: Buffer) => this.#stderr.push(chunk));
    onTestFinished(() => this.#remove());
  }

  get terminationLog(): string {
    return join(this.folder, "termination-log");
  }

  get workingDirectory(): string {
    return join(this.folder, "made", "by the runner");
  }

  get transcriptFile(): string {
    return join(this.folder, "volume", "runs", "transcript");
  }

  get seal(): Seal | null {
    try {
      return parseSeal(readFileSync(this.terminationLog, "utf8"));
    } catch {
      return null;
    }
  }

  /** Waits until the agent's stdout has this in its first megabyte. */
  async prints(text: string): Promise<void> {
    await this.until(() => this.log.stdout.start.includes(text));
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#fault) throw this.#fault;
      await sleep(10);
    }
  }

  /** What the pod's first process has started and what still runs. */
  get children(): number[] {
    return childrenOf(this.#firstProcess);
  }

  /** To the pod's first process; its end by SIGKILL is that of the runner too, in the same instant, as in a pod. */
  signal(signal: NodeJS.Signals): void {
    if (signal === "SIGKILL") this.#killGroup();
    else process.kill(this.#firstProcess, signal);
  }

  async ended(): Promise<PodEnd> {
    await this.#closed;
    if (this.#fault) throw this.#fault;
    this.log.end();
    const seal = this.seal;
    if (!seal) throw new Error("the pod left no seal");
    if (seal.stdout?.newline && this.log.stdout.lines > 0) this.log.stdout.raw(Buffer.from("\n"));
    return {
      exitCode: this.process.exitCode,
      signal: this.process.signalCode,
      seal,
      stdout: this.log.stdout.start,
      sha256: this.log.stdout.sha256(),
      log: this.log,
      stderr: seal.runner === "node" ? this.log.stderr.start : Buffer.concat(this.#stderr),
    };
  }

  get #firstProcess(): number {
    const pid = this.#inNamespace ? childrenOf(this.process.pid)[0] : this.process.pid;
    if (pid === undefined) throw new Error("the pod has no process");
    return pid;
  }

  #read(chunk: Buffer): void {
    try {
      this.log.push(chunk);
    } catch (error) {
      this.#fault ??= error as Error;
    }
    const memory = [this.process.pid, ...childrenOf(this.process.pid)].map(peakMemoryOf);
    this.peakMemory = Math.max(this.peakMemory, ...memory);
  }

  #writeFakes({ fakes = {} }: PodOptions): Record<string, string> {
    mkdirSync(join(this.folder, "fakes"));
    const write = ([name, script]: [string, string]): [string, string] => {
      const path = join(this.folder, "fakes", name);
      writeFileSync(path, script, { mode: 0o755 });
      return [name, path];
    };
    return Object.fromEntries(Object.entries(fakes).map(write));
  }

  #writeSecret(options: PodOptions): string {
    const { command, graceSec = 10, timeoutSec = 0, prompt = "the prompt\n", files = {}, more = {} } = options;
    const spec: RunnerSpec = { command, graceSec, timeoutSec, ...more };
    const secret = join(this.folder, "secret folder");
    mkdirSync(secret);
    const write = (name: string, data: string | Buffer): void => {
      mkdirSync(dirname(join(secret, name)), { recursive: true });
      writeFileSync(join(secret, name), data, { mode: 0o755 });
    };
    write(RUN_FILES.start, startScript);
    write(RUN_FILES.runner, runnerScript);
    write(RUN_FILES.spec, JSON.stringify(spec));
    write(RUN_FILES.shellSpec, shellSpec(spec));
    if (prompt !== null) write(RUN_FILES.prompt, prompt);
    for (const [name, text] of Object.entries(files)) write(name, text);
    return join(secret, RUN_FILES.start);
  }

  #transcript({ transcript }: PodOptions): string[] {
    if (typeof transcript === "string") return [transcript];
    return transcript ? [this.transcriptFile] : [];
  }

  #killGroup(): void {
    try {
      if (this.process.pid !== undefined) process.kill(-this.process.pid, "SIGKILL");
    } catch {
      // Nobody is left.
    }
  }

  #remove(): void {
    if (this.process.exitCode === null && this.process.signalCode === null) this.#killGroup();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The highest resident memory of a process so far, in bytes; 0 when it has ended, or this is no Linux. */
function peakMemoryOf(pid: number | undefined): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function childrenOf(pid: number | undefined): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

export const runPod = (runner: RunnerUnderTest, options: PodOptions): Promise<PodEnd> =>
  new Pod(runner, options).ended();

/** An agent written in sh. */
export const sh = (script: string, ...args: string[]): RunnerSpec["command"] => ["sh", "-c", script, "agent", ...args];
