/** Paperclip's server processes: a run goes to one that lives; one that is killed loses its runs when its lease is over. */
import { setTimeout as sleep } from "node:timers/promises";
import type { RunSettings } from "../../../test/cluster/support/context.ts";
import type { Dice } from "../../../test/soak/random.ts";
import { type Child, startChild } from "../child.ts";
import type { AskedOfCluster, FromServer, ServerSettings, ToServer } from "./messages.ts";
import type { RunRecord, SimulatedPaperclip } from "./paperclip.ts";

/** What a run's process has said of it, beside its result. */
export interface Delivered {
  readonly lines: number;
  readonly wrong: number;
}

interface OneServer {
  readonly child: Child<ToServer, FromServer>;
  readonly runs: Set<RunRecord>;
}

export interface ServersOptions {
  /** How many there are. */
  readonly count: number;
  /** Of their process: see bundle.ts. */
  readonly program: string;
  readonly settings: ServerSettings;
  readonly paperclip: SimulatedPaperclip;
  readonly settingsOf: (run: RunRecord) => RunSettings;
  /** Milliseconds after which the runs of a server that was killed are lost. */
  readonly leaseMs: number;
  readonly dice: Dice;
}

export class Servers implements AsyncDisposable {
  /** Of all that there ever were. */
  readonly asked: { supervisor: Record<string, number>; runs: Record<string, number> } = { supervisor: {}, runs: {} };
  /** By the run's id. */
  readonly delivered = new Map<string, Delivered>();
  readonly #options: ServersOptions;
  readonly #living: OneServer[] = [];
  readonly #leases: Promise<void>[] = [];
  /** Runs that wait for a server. */
  readonly #queued: RunRecord[] = [];

  private constructor(options: ServersOptions) {
    this.#options = options;
  }

  static async start(options: ServersOptions): Promise<Servers> {
    const servers = new Servers(options);
    await Promise.all(Array.from({ length: options.count }, () => servers.#start()));
    return servers;
  }

  /** Has one of them run it, as the one that claims it in the database. */
  dispatch(run: RunRecord): void {
    if (this.#living.length === 0) return void this.#queued.push(run);
    const server = this.#pick();
    server.runs.add(run);
    run.status = "running";
    server.child.send({ kind: "execute", run: this.#options.settingsOf(run) });
  }

  /** Kills one of them at once, and starts another in its place. Resolves with the number of runs that it had. */
  async killOne(): Promise<number> {
    const server = this.#pick();
    this.#living.splice(this.#living.indexOf(server), 1);
    await server.child.kill("SIGKILL");
    const lost = [...server.runs].filter(({ status }) => status === "running");
    const { leaseMs, paperclip } = this.#options;
    this.#leases.push(sleep(leaseMs, undefined, { ref: false }).then(() => paperclip.lose(lost)));
    await this.#start();
    return lost.length;
  }

  /** Resolves when the leases of those that were killed are over. */
  async leasesOver(): Promise<void> {
    await Promise.all(this.#leases);
  }

  /** What is counted begins anew. */
  begin(): void {
    this.asked.supervisor = {};
    this.asked.runs = {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#living.map(({ child }) => child.kill("SIGKILL")));
  }

  #pick(): OneServer {
    const server = this.#living[this.#options.dice.between(0, this.#living.length - 1)];
    if (!server) throw new Error("no server is left");
    return server;
  }

  async #start(): Promise<void> {
    const { program, settings, paperclip } = this.#options;
    const child = startChild<ToServer, FromServer>(program, JSON.stringify(settings));
    child.on("asked", ({ requests }) => this.#count(requests));
    child.on("result", ({ runId, result, lines, wrong }) => {
      this.delivered.set(runId, { lines, wrong });
      paperclip.ended(runId, result);
    });
    await child.next("ready");
    this.#living.push({ child, runs: new Set() });
    for (const run of this.#queued.splice(0)) this.dispatch(run);
  }

  #count(requests: AskedOfCluster): void {
    for (const who of ["supervisor", "runs"] as const)
      for (const [what, count] of Object.entries(requests[who]))
        this.asked[who][what] = (this.asked[who][what] ?? 0) + count;
  }
}
