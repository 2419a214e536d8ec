import { setTimeout as delay } from "node:timers/promises";
import type { Container, Launch } from "./container.ts";
import { LEAST_GRACE } from "./kill-timer.ts";

export interface RunningContainer {
  readonly container: Container;
  readonly launch: Launch;
}

/** Those of a pod's containers that run, and how they are ended: sidecars after the others. */
export class RunningContainers {
  readonly sidecars: ReadonlySet<string>;
  /** The pod is to end: nothing is started again. */
  isEnding = false;
  #areSidecarsTold = false;
  readonly #running = new Map<string, RunningContainer>();

  constructor(sidecars: ReadonlySet<string>) {
    this.sidecars = sidecars;
  }

  get names(): readonly string[] {
    return [...this.#running.keys()];
  }

  get(name: string): RunningContainer | undefined {
    return this.#running.get(name);
  }

  add(name: string, running: RunningContainer): void {
    this.#running.set(name, running);
  }

  delete(name: string): void {
    this.#running.delete(name);
  }

  /** Sidecars are told by `terminateSidecars`, when the others have ended. */
  async terminate(): Promise<void> {
    this.isEnding = true;
    await Promise.all(this.#those(false).map((container) => container.terminate()));
  }

  async terminateSidecars(): Promise<void> {
    this.isEnding = true;
    if (this.#areSidecarsTold) return;
    this.#areSidecarsTold = true;
    await Promise.all(this.#those(true).map((container) => container.terminate()));
  }

  async kill(): Promise<void> {
    this.isEnding = true;
    await Promise.all([...this.#those(false), ...this.#those(true)].map((container) => container.kill()));
  }

  /** When the grace is over: sidecars that were not told before are told now, and have the least grace. */
  async killInOrder(allEnded: () => Promise<void>): Promise<void> {
    if (!this.#areSidecarsTold) {
      await Promise.all(this.#those(false).map((container) => container.kill()));
      await this.terminateSidecars();
      await Promise.race([allEnded(), delay(LEAST_GRACE * 1000, undefined, { ref: false })]);
    }
    await this.kill();
  }

  /** Without a name: the one that was started first. */
  async killForMemory({ child, container }: { readonly child: boolean; readonly container?: string }): Promise<void> {
    const [first] = this.#running.values();
    const running = container === undefined ? first : this.#running.get(container);
    if (running === undefined) throw new Error("no such container of the pod is running");
    await running.container.killForMemory({ child });
  }

  #those(areSidecars: boolean): Container[] {
    const those = [...this.#running].filter(([name]) => this.sidecars.has(name) === areSidecars);
    return those.map(([, { container }]) => container);
  }
}
