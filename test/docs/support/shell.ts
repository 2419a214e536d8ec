/** A terminal in which the blocks of a page are run one after the other, as its reader would: variables and functions stay. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { leastEnvironment } from "../../support/program.ts";
import { type CommandBlock, root } from "./commands.ts";

export interface ShellOptions {
  /** Beside PATH and an empty HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** Programs of this name, as text of an sh script, before those of the machine. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Words of the documentation that stand for something of the reader's, and what they are here. */
  readonly words?: Readonly<Record<string, string>>;
}

/** What `claude-k8s` is in a checkout: the package's own command line, not yet bundled. */
const CLAUDE_K8S = `exec ${process.execPath} ${join(root, "src/cli/main.ts")} "$@"`;

export class Shell implements AsyncDisposable {
  /** A folder of the reader's: it shows what the checkout has, and what commands write stays there. */
  readonly folder: string;
  readonly #words: Readonly<Record<string, string>>;
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = "";
  #count = 0;
  #heard: () => void = () => {};

  private constructor(folder: string, { env = {}, words = {} }: ShellOptions) {
    this.folder = folder;
    this.#words = words;
    const path = [join(folder, ".bin"), dirname(process.execPath), process.env.PATH].join(delimiter);
    this.#process = spawn("bash", ["--noprofile", "--norc"], {
      cwd: folder,
      // Its children end with it.
      detached: true,
      env: { ...leastEnvironment, PATH: path, HOME: join(folder, ".home"), NO_COLOR: "1", ...env },
    });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
        this.#heard();
      });
    this.#process.stdin?.on("error", () => {});
    this.#ended = once(this.#process, "close");
    this.#process.stdin?.write("set -eo pipefail\n");
  }

  static async open(options: ShellOptions = {}): Promise<Shell> {
    const folder = await mkdtemp(join(tmpdir(), "reader-"));
    await Promise.all([".bin", ".home"].map((name) => mkdir(join(folder, name))));
    const shown = (await readdir(root)).filter((name) => !name.startsWith("."));
    await Promise.all(shown.map((name) => symlink(join(root, name), join(folder, name))));
    for (const [name, script] of Object.entries({ "claude-k8s": CLAUDE_K8S, ...options.programs })) {
      await writeFile(join(folder, ".bin", name), `#!/bin/sh\n${script}\n`);
      await chmod(join(folder, ".bin", name), 0o755);
    }
    return new Shell(folder, options);
  }

  /** Resolves with what it prints, errors included. Rejects with that when a command of it fails. */
  async run({ page, line, text, first }: CommandBlock): Promise<string> {
    const mark = `end-of-block-${++this.#count}`;
    const file = join(this.folder, ".home", `${mark}.sh`);
    await writeFile(file, `${this.#inMyWords(first)}\n${this.#inMyWords(text)}\n`);
    this.#output = "";
    const done = new Promise<void>((resolve) => {
      this.#heard = () => this.#output.includes(`${mark}\n`) && resolve();
    });
    this.#process.stdin?.write(`source ${file} </dev/null\nprintf '%s\\n' ${mark}\n`);
    const ended = await Promise.race([done.then(() => false), this.#ended.then(() => true)]);
    const output = this.#output.replace(`${mark}\n`, "");
    if (ended) throw new Error(`The commands of ${page}:${line} fail:\n${text}\n\n${output}`);
    return output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      process.kill(-(this.#process.pid ?? 0), "SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#ended;
    await rm(this.folder, { recursive: true, force: true });
  }

  #inMyWords(text: string): string {
    return Object.entries(this.#words).reduce((all, [word, mine]) => all.replaceAll(whole(word), () => mine), text);
  }
}

/** Not as a part of another word: IMAGE is not in AGENT_IMAGE. */
const whole = (word: string): RegExp =>
  new RegExp(`(?<![\\w$-])${word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![\\w-])`, "g");
