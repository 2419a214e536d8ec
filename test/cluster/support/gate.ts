/** Files by which a test and an agent wait for each other: on the devcluster both are processes of this machine. */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const WITHIN_MS = 60_000;

export class Gates {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async make(): Promise<Gates> {
    return new Gates(await mkdtemp(join(tmpdir(), "gates-")));
  }

  /** Words for sh: go on when the test has opened this gate; `meanwhile` is done again and again. */
  waitFor(name: string, meanwhile = ":"): string {
    return `while [ ! -e ${this.#path(name)} ]; do ${meanwhile}; sleep 0.02; done`;
  }

  /** Words for sh: tell the test that the agent has come this far. */
  reached(name: string): string {
    return `: > ${this.#path(name)}`;
  }

  open(name: string): Promise<void> {
    return writeFile(this.#path(name), "");
  }

  async untilReached(name: string): Promise<void> {
    const deadline = performance.now() + WITHIN_MS;
    while (!existsSync(this.#path(name))) {
      if (performance.now() > deadline) throw new Error(`the agent never came to ${name}`);
      await sleep(10);
    }
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}
