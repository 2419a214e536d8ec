import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Container as ContainerSpec } from "kubernetes-types/core/v1";
import type { EventText } from "../controllers/events.ts";
import type { Pod } from "../controllers/objects.ts";
import type { ExecProcess, ExecProgram } from "../types.ts";
import { Container, type Launch } from "./container.ts";
import { type ContainerState, NEVER_STARTED, NOT_LOCATED, type Restarts, type Terminated } from "./container-state.ts";
import { startExec } from "./exec.ts";
import { expand } from "./expansion.ts";
import { planLaunch, StartError } from "./launch-plan.ts";
import { ContainerLog } from "./logs/container-log.ts";
import { lastLines } from "./logs/read.ts";
import type { NodeContext } from "./node-context.ts";
import type { Mount } from "./paths.ts";
import type { PodFiles } from "./pod-files.ts";
import { prepare } from "./prepare.ts";
import { RunningContainers } from "./running-containers.ts";
import { isSidecar } from "./sidecar.ts";
import { messageLimit, terminationMessage } from "./termination-message.ts";
import { subPathOnHost } from "./volumes/sub-path.ts";

export type Group = "init" | "main" | "ephemeral";

/** What the pod's worker does for its containers. */
export interface PodHost {
  readonly pod: Pod;
  readonly publish: () => void;
  /** A container has ended; its state says how. */
  readonly ended: () => void;
  /** Throws when the pod is to end. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly record: (event: EventText) => void;
}

/** The containers of one pod: their states and their processes. */
export class PodContainers {
  readonly states: Record<Group, ContainerState[]>;
  readonly running: RunningContainers;
  readonly #node: NodeContext;
  readonly #host: PodHost;
  readonly #files: PodFiles;
  readonly #ends = new Map<string, Promise<void>>();
  readonly #restarts = new Map<string, { readonly count: number; readonly last: Terminated }>();
  /** Volume name → its place on the host. */
  volumes: ReadonlyMap<string, string> = new Map();
  /** Added while the pod runs, as `kubectl debug` does. */
  readonly #ephemeral: ContainerSpec[] = [];

  constructor(node: NodeContext, host: PodHost, files: PodFiles) {
    this.#node = node;
    this.#host = host;
    this.#files = files;
    const { initContainers = [], containers } = host.pod.spec;
    this.running = new RunningContainers(new Set(initContainers.filter(isSidecar).map(({ name }) => name)));
    const reason = initContainers.length > 0 ? "PodInitializing" : "ContainerCreating";
    const waiting = (): ContainerState => ({ kind: "waiting", reason });
    this.states = { init: initContainers.map(waiting), main: containers.map(waiting), ephemeral: [] };
  }

  get everRan(): boolean {
    return this.#ends.size > 0;
  }

  get restarts(): Restarts {
    return new Map(this.#restarts);
  }

  /** Tries until the container runs, or is known never to. Publishes each step. */
  async start(group: Group, index: number): Promise<void> {
    const spec = this.#spec(group, index);
    const { image, variables, mounts } = await prepare(spec, this.#node, {
      pod: this.#host.pod,
      mounts: (variables) => this.#mounts(spec, variables),
      record: (event) => this.#record(spec, event),
      sleep: (milliseconds) => this.#host.sleep(milliseconds),
      publish: (waiting) => {
        if (waiting !== undefined) this.states[group][index] = waiting;
        this.#host.publish();
      },
    });
    this.#host.publish();
    await this.#host.sleep(this.#node.timings.createContainer);
    this.#record(spec, { type: "Normal", reason: "Created", message: "Container created" });
    await this.#host.sleep(this.#node.timings.startContainer);
    const { name } = this.#host.pod.metadata;
    const places = await this.#files.prepare(spec.name);
    const volumes = [...this.volumes.values()];
    const restarts = this.#restarts.get(spec.name)?.count ?? 0;
    const log = new ContainerLog(this.#files.log(spec.name, restarts), this.#node.clock);
    this.#node.logs.add(this.#host.pod.metadata.uid, spec.name, log);
    const { host, shared } = this.#node;
    try {
      const source = { container: spec, image, variables, mounts, volumes, hostname: name, places, host, shared };
      const launch = await planLaunch(source);
      await this.#run(group, index, launch, log);
    } catch (error) {
      log.end();
      this.#failed(group, index, error);
    }
  }

  /** Starts the containers proper, all at once. */
  async startMain(): Promise<void> {
    const starts = [...this.states.main.keys()].map((index) => this.start("main", index));
    const failed = (await Promise.allSettled(starts)).find((start) => start.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  /** Resolves when every container that was started has ended and its state says how, but for sidecars and ephemeral ones. */
  async ended(): Promise<void> {
    const besides = new Set([...this.running.sidecars, ...this.#ephemeral.map(({ name }) => name)]);
    await Promise.all([...this.#ends].filter(([name]) => !besides.has(name)).map(([, end]) => end));
  }

  async allEnded(): Promise<void> {
    await Promise.all(this.#ends.values());
  }

  recordKilling(): void {
    for (const name of this.running.names) {
      const fieldPath = `spec.containers{${name}}`;
      this.#host.record({ type: "Normal", reason: "Killing", message: `Stopping container ${name}`, fieldPath });
    }
  }

  /** Starts those that are new. Rejects when the pod is to end. */
  async addEphemeral(specs: readonly ContainerSpec[]): Promise<void> {
    const added = specs.slice(this.#ephemeral.length);
    const first = this.#ephemeral.push(...added) - added.length;
    this.states.ephemeral.push(...added.map(() => ({ kind: "waiting", reason: "ContainerCreating" }) as const));
    await Promise.all(added.map((_, index) => this.start("ephemeral", first + index)));
  }

  async exec(name: string, program: ExecProgram): Promise<ExecProcess> {
    const running = this.running.get(name);
    if (running === undefined) throw new Error(`unable to upgrade connection: container not found ("${name}")`);
    return startExec(running.launch, program);
  }

  /** A pod that ends before it ran: why it waited is forgotten, as in a real cluster. */
  forgetWhyWaiting(): void {
    for (const states of Object.values(this.states)) {
      for (const [index, state] of states.entries()) {
        if (state.kind !== "waiting" || state.message === undefined) continue;
        states[index] = { kind: "waiting", reason: "ContainerCreating" };
      }
    }
  }

  /** What is said at a pod's end of containers that never were. */
  giveUpWaiting(): void {
    for (const states of Object.values(this.states)) {
      for (const [index, state] of states.entries()) if (state.kind === "waiting") states[index] = NOT_LOCATED;
    }
  }

  /** At once, then after 10 s, 20 s and so on (the kubelet's back-off, not measured). */
  async #restart(index: number, last: Terminated): Promise<void> {
    const spec = this.#spec("init", index);
    const count = (this.#restarts.get(spec.name)?.count ?? 0) + 1;
    try {
      if (count > 1) await this.#host.sleep(this.#node.timings.imageBackoff * 2 ** (count - 2));
      if (this.running.isEnding) return;
      this.#restarts.set(spec.name, { count, last });
      await rm(join(this.#files.container(spec.name), "termination-log"), { force: true });
      await this.start("init", index);
    } catch {
      // The pod is to end, and its worker ends what was started.
    }
  }

  #spec(group: Group, index: number): ContainerSpec {
    const { initContainers = [], containers } = this.#host.pod.spec;
    const spec = { init: initContainers, main: containers, ephemeral: this.#ephemeral }[group][index];
    if (spec === undefined) throw new Error(`the pod has no ${group} container ${index}`);
    return spec;
  }

  /** Throws ContainerConfigError. */
  async #mounts(spec: ContainerSpec, variables: ReadonlyMap<string, string>): Promise<Mount[]> {
    const mounts: Mount[] = [];
    for (const { name, mountPath, subPath, subPathExpr, readOnly = false } of spec.volumeMounts ?? []) {
      const volume = this.volumes.get(name) ?? this.#files.volume(name);
      const below = subPathExpr === undefined ? subPath : expand(subPathExpr, variables);
      const at = `volumeMount "${name}" of container "${spec.name}"`;
      const onHost = below ? await subPathOnHost(volume, below, at) : volume;
      mounts.push({ inPod: mountPath, onHost, readOnly });
    }
    return mounts;
  }

  async #run(group: Group, index: number, launch: Launch, log: ContainerLog): Promise<void> {
    const spec = this.#spec(group, index);
    const container = await Container.start(launch, log, this.#node.clock);
    const startedAt = this.#node.clock();
    const { id } = launch;
    this.states[group][index] = { kind: "running", id, startedAt };
    this.running.add(spec.name, { container, launch });
    this.#ends.set(spec.name, this.#watch(container, { group, index, id, startedAt, log }));
    this.#record(spec, { type: "Normal", reason: "Started", message: "Container started" });
    this.#host.publish();
  }

  async #watch(
    container: Container,
    start: { group: Group; index: number; id: string; startedAt: number; log: ContainerLog },
  ): Promise<void> {
    const { group, index, id, startedAt, log } = start;
    const { exitCode, finishedAt, outOfMemory } = await container.exited;
    const spec = this.#spec(group, index);
    this.running.delete(spec.name);
    const places = this.#files.container(spec.name);
    const message = await terminationMessage({
      container: spec,
      failed: exitCode !== 0,
      file: join(places, "termination-log"),
      limit: messageLimit(Object.values(this.states).flat().length),
      lastLines: (lines) => lastLines(log, lines),
    });
    const reason = outOfMemory ? "OOMKilled" : exitCode === 0 ? "Completed" : "Error";
    const ended = { kind: "terminated", id, exitCode, reason, message, startedAt, finishedAt } as const;
    this.states[group][index] = ended;
    this.#host.ended();
    if (group === "init" && isSidecar(spec) && !this.running.isEnding) await this.#restart(index, ended);
  }

  #failed(group: Group, index: number, error: unknown): void {
    const spec = this.#spec(group, index);
    const message =
      error instanceof StartError
        ? error.message
        : new StartError(`exec: "${spec.command?.[0] ?? ""}": ${error}`).message;
    this.#record(spec, { type: "Warning", reason: "Failed", message: `Error: ${message}` });
    this.#ends.set(spec.name, Promise.resolve());
    this.states[group][index] = {
      kind: "terminated",
      id: randomBytes(32).toString("hex"),
      exitCode: 128,
      reason: "StartError",
      message,
      startedAt: NEVER_STARTED,
      finishedAt: this.#node.clock(),
    };
  }

  #record(spec: ContainerSpec, event: EventText): void {
    this.#host.record({ ...event, fieldPath: `spec.containers{${spec.name}}` });
  }
}
