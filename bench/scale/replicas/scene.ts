/** Servers of one Paperclip on one cluster, with tasks whose agents work for a while. */
import { setTimeout as sleep } from "node:timers/promises";
import { freshId, type RunSettings } from "../../../test/cluster/support/context.ts";
import { createDice, type Dice } from "../../../test/soak/random.ts";
import { bundle } from "../bundle.ts";
import type { Place } from "../place.ts";
import { audit } from "./audit.ts";
import { SimulatedPaperclip } from "./paperclip.ts";
import { Servers } from "./servers.ts";
import { startWitness, type Witness } from "./witness.ts";

export interface SceneOptions {
  readonly servers: number;
  readonly tasks: number;
  /** How long an agent works, seconds: evenly between the two. */
  readonly seconds: readonly [least: number, most: number];
  /** Milliseconds between two lines of an agent. */
  readonly periodMs: number;
  /** See ServersOptions. */
  readonly leaseMs: number;
  readonly seed: number;
}

interface Task {
  readonly taskId: string;
  readonly lines: number;
  /** But for the run's id. */
  readonly settings: RunSettings;
}

const LOOK_EVERY_MS = 100;

export class Scene implements AsyncDisposable {
  readonly paperclip: SimulatedPaperclip;
  readonly servers: Servers;
  readonly witness: Witness;
  readonly #tasks: ReadonlyMap<string, Task>;

  private constructor(parts: Pick<Scene, "paperclip" | "servers" | "witness">, tasks: ReadonlyMap<string, Task>) {
    this.paperclip = parts.paperclip;
    this.servers = parts.servers;
    this.witness = parts.witness;
    this.#tasks = tasks;
  }

  static async open(place: Place, options: SceneOptions): Promise<Scene> {
    const dice = createDice(options.seed);
    const tasks = tasksOf(place, options, dice);
    const [{ settings: first }] = [...tasks.values()] as [Task];
    const { kubeconfig, namespace } = first;
    // The servers come later, and nobody is woken before.
    let servers: Servers | undefined;
    const paperclip = new SimulatedPaperclip({ dispatch: (run) => servers?.dispatch(run), freshId });
    const urls = await paperclip.listen();
    const witness = await startWitness(kubeconfig, namespace);
    servers = await Servers.start({
      count: options.servers,
      program: await bundle("replicas/server-main.ts", place.folder),
      settings: { kubeconfig, namespace, urls },
      paperclip,
      settingsOf: ({ id, taskId }) => ({ ...(tasks.get(taskId) as Task).settings, runId: id }),
      leaseMs: options.leaseMs,
      dice,
    });
    return new Scene({ paperclip, servers, witness }, tasks);
  }

  /** Wakes every task's agent, evenly within that time. */
  async wakeAll(withinMs: number): Promise<void> {
    const wait = withinMs / this.#tasks.size;
    for (const { taskId, settings } of this.#tasks.values()) {
      this.paperclip.wake(settings.agentId, taskId);
      await sleep(wait);
    }
  }

  /** Resolves when so many agents have run. */
  async untilRunning(count: number, withinMs: number): Promise<void> {
    const begun = (): number => [...this.witness.tasks.values()].filter(({ atOnce }) => atOnce > 0).length;
    await until(
      () => begun() >= count,
      withinMs,
      () => `${begun()} agents have begun`,
    );
  }

  /** Resolves when every task has a run that succeeded, and nothing of any is left in the cluster. */
  async untilAllDone(withinMs: number): Promise<void> {
    const undone = (): string[] => [...this.#tasks.keys()].filter((taskId) => !this.#isDone(taskId));
    const { left } = this.witness;
    const state = (): string =>
      `${undone().length} tasks are not done, ${left.size} Jobs are left: ${undone()[0] ?? ""}`;
    await until(() => undone().length === 0 && left.size === 0, withinMs, state);
    await this.servers.leasesOver();
  }

  /** What does not hold, in sentences. */
  audit(): string[] {
    return [...this.#tasks.values()].flatMap(({ taskId, lines }) =>
      audit({
        taskId,
        lines,
        runs: this.paperclip.runsOf(taskId),
        seen: this.witness.tasks.get(taskId),
        deliveredOf: (runId) => this.servers.delivered.get(runId),
      }),
    );
  }

  /** Milliseconds from each run's loss to the next one of its task. */
  get wakeDelays(): number[] {
    return [...this.#tasks.keys()].flatMap((taskId) => {
      const runs = this.paperclip.runsOf(taskId);
      return runs.flatMap(({ lostAt }, index) => {
        const next = runs[index + 1];
        return lostAt === null || !next ? [] : [next.createdAt - lostAt];
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.servers[Symbol.asyncDispose]();
    await this.witness[Symbol.asyncDispose]();
    await this.paperclip.close();
  }

  #isDone(taskId: string): boolean {
    return this.paperclip.runsOf(taskId).some(({ status }) => status === "succeeded");
  }
}

function tasksOf(place: Place, { tasks: count, seconds, periodMs }: SceneOptions, dice: Dice): Map<string, Task> {
  const tasks = new Map<string, Task>();
  for (let index = 0; index < count; index++) {
    const lines = Math.round((1000 * dice.between(...seconds)) / periodMs);
    const [settings] = place.newRuns(1, { lines, periodMs }) as [RunSettings];
    const taskId = String(settings.wake.taskId);
    tasks.set(taskId, { taskId, lines, settings });
  }
  return tasks;
}

async function until(holds: () => boolean, withinMs: number, state: () => string): Promise<void> {
  const late = Date.now() + withinMs;
  while (!holds()) {
    if (Date.now() > late) throw new Error(`not within ${withinMs / 1000} s: ${state()}`);
    await sleep(LOOK_EVERY_MS);
  }
}
