import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { leastEnvironment } from "../../../test/support/program.ts";

const main = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** The demo as a user starts it: a process of its own, with its own folder for temporary files. */
export class DemoProcess implements AsyncDisposable {
  readonly folder: string;
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  readonly #closed: Promise<unknown[]>;
  #isClosed = false;
  readonly #waiting = new Set<() => void>();

  static async start(args: readonly string[]): Promise<DemoProcess> {
    return new DemoProcess(await mkdtemp(join(tmpdir(), "demo-test-")), [process.execPath, main, ...args]);
  }

  /** In a shell's pipe into `reader`; stderr ends with the demo's own exit code. */
  static async startPiped(args: readonly string[], reader: string): Promise<DemoProcess> {
    const script = `{ "$0" "$@"; echo "exit code $?" >&2; } | ${reader}`;
    const command = ["sh", "-c", script, process.execPath, main, ...args] as const;
    return new DemoProcess(await mkdtemp(join(tmpdir(), "demo-test-")), command);
  }

  private constructor(folder: string, [program, ...args]: readonly [string, ...string[]]) {
    this.folder = folder;
    // A group of its own, so that a test which fails leaves no part of a pipe behind.
    this.child = spawn(program, args, {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...leastEnvironment, HOME: folder, TMPDIR: folder },
    });
    this.#closed = once(this.child, "close");
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#add("stdout", text));
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#add("stderr", text));
    this.child.on("close", () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  /** Resolves when stdout has `words`; rejects when the demo ends without: not before all that it wrote has arrived. */
  async says(words: string): Promise<void> {
    while (!this.stdout.includes(words)) {
      if (this.#isClosed) throw new Error(`The demo ended without "${words}":\n${this.stdout}${this.stderr}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  async ends(): Promise<number | null> {
    const [code] = await this.#closed;
    return code as number | null;
  }

  /** The objects of `--json`. */
  get events(): Record<string, unknown>[] {
    const lines = this.stdout.split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Files in the folder, and processes that were started with it: both must be none after the end. */
  async leftBehind(): Promise<string[]> {
    return [...(await readdir(this.folder)), ...(await this.#processes())];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The group has gone with its last process.
    if (!this.#isClosed && this.child.pid) process.kill(-this.child.pid, "SIGKILL");
    await this.#closed;
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Every process of a pod has a folder of its own below the demo's folder in its environment. */
  async #processes(): Promise<string[]> {
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
    const found: string[] = [];
    for (const pid of pids) {
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      if (environment.includes(this.folder))
        found.push((await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")) || `pid ${pid}`);
    }
    return found;
  }

  #add(stream: "stdout" | "stderr", text: string): void {
    this[stream] += text;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
