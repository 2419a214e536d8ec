import type { Seal } from "./seal.ts";
import type { SealFile } from "./seal-file.ts";

/** At most one partial seal in this time, however fast the news come. */
const PAUSE_MS = 1_000;

/** Keeps the seal file at what is known while the agent runs: at once on the first news, then at most each second. */
export class PartialSeal {
  readonly #file: SealFile;
  readonly #startedAt: number;
  readonly #known: () => Pick<Seal, "agent" | "freshSession">;
  #pause: NodeJS.Timeout | null = null;
  #stale = false;

  constructor(file: SealFile, startedAt: number, known: () => Pick<Seal, "agent" | "freshSession">) {
    this.#file = file;
    this.#startedAt = startedAt;
    this.#known = known;
  }

  refresh(): void {
    this.#stale = true;
    if (this.#pause) return;
    this.#write();
    this.#pause = setTimeout(() => {
      this.#pause = null;
      if (this.#stale) this.refresh();
    }, PAUSE_MS);
  }

  stop(): void {
    if (this.#pause) clearTimeout(this.#pause);
  }

  #write(): void {
    this.#stale = false;
    this.#file.write({
      v: 1,
      runner: "node",
      partial: true,
      ending: "unknown",
      exitCode: null,
      signal: null,
      startedAt: this.#startedAt,
      ...this.#known(),
    });
  }
}
