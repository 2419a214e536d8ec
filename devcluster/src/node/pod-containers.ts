import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Container as ContainerSpec } from "kubernetes-types/core/v1";
import type { EventText } from "../controllers/events.ts";
import type { Pod } from "../controllers/objects.ts";
import type { ExecProcess, ExecProgram } from "../types.ts";
import { Container, type Launch } from "./container.ts";
import { configProblem, ImageBackoff, type Look, lookForImage } from "./container-problem.ts";
import { type ContainerState, NEVER_STARTED, NOT_LOCATED } from "./container-state.ts";
import { ContainerConfigError, environmentOf } from "./environment.ts";
import { startExec } from "./exec.ts";
import { expand } from "./expansion.ts";
import { planLaunch, StartError } from "./launch-plan.ts";
import { ContainerLog } from "./logs/container-log.ts";
import { lastLines } from "./logs/read.ts";
import type { NodeContext } from "./node-context.ts";
import type { Mapping } from "./paths.ts";
import type { PodFiles } from "./pod-files.ts";
import { isSidecar } from "./sidecar.ts";
import { messageLimit, terminationMessage } from "./termination-message.ts";
import { inside } from "./volumes/files.ts";

export type Group = "init" | "main";

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

const DEFAULT_TERMINATION_PATH = "/dev/termination-log";

/** The containers of one pod: their states and their processes. */
export class PodContainers {
  readonly states: Record<Group, ContainerState[]>;
  readonly #node: NodeContext;
  readonly #host: PodHost;
  readonly #files: PodFiles;
  readonly #running = new Map<string, { readonly container: Container; readonly launch: Launch }>();
  readonly #ends = new Map<string, Promise<void>>();
  /** Volume name → its place on the host. */
  volumes: ReadonlyMap<string, string> = new Map();

  constructor(node: NodeContext, host: PodHost, files: PodFiles) {
    this.#node = node;
    this.#host = host;
    this.#files = files;
    const { initContainers = [], containers } = host.pod.spec;
    const reason = initContainers.length > 0 ? "PodInitializing" : "ContainerCreating";
    const waiting = (): ContainerState => ({ kind: "waiting", reason });
    this.states = { init: initContainers.map(waiting), main: containers.map(waiting) };
  }

  get everRan(): boolean {
    return this.#ends.size > 0;
  }

  get running(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** Tries until the container runs, or is known never to. Publishes each step. */
  async start(group: Group, index: number): Promise<void> {
    const spec = this.#spec(group, index);
    const { image, variables } = await this.#prepared(spec, group, index);
    this.#host.publish();
    await this.#host.sleep(this.#node.timings.createContainer);
    this.#record(spec, { type: "Normal", reason: "Created", message: "Container created" });
    await this.#host.sleep(this.#node.timings.startContainer);
    const { name } = this.#host.pod.metadata;
    const places = await this.#files.prepare(spec.name);
    const mounts = this.#mounts(spec, variables, places.terminationMessage);
    const log = new ContainerLog(this.#files.log(spec.name), this.#node.clock);
    this.#node.logs.add(this.#host.pod.metadata.uid, spec.name, log);
    const { host, shared } = this.#node;
    try {
      const source = { container: spec, image, variables, mounts, hostname: name, places, host, shared };
      const launch = await planLaunch(source);
      await this.#run(group, index, launch, log);
    } catch (error) {
      log.end();
      this.#failed(group, index, error);
    }
  }

  /** Resolves when every container that was started has ended and its state says how; sidecars do not count. */
  async ended(): Promise<void> {
    const { initContainers = [] } = this.#host.pod.spec;
    const sidecars = new Set(initContainers.filter(isSidecar).map(({ name }) => name));
    await Promise.all([...this.#ends].filter(([name]) => !sidecars.has(name)).map(([, end]) => end));
  }

  async allEnded(): Promise<void> {
    await Promise.all(this.#ends.values());
  }

  async terminate(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ container }) => container.terminate()));
  }

  async kill(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ container }) => container.kill()));
  }

  /** Of several containers, the one that was started first. */
  async killForMemory(options: { readonly child: boolean }): Promise<void> {
    const [running] = this.#running.values();
    if (running === undefined) throw new Error("no container of the pod is running");
    await running.container.killForMemory(options);
  }

  async exec(name: string, program: ExecProgram): Promise<ExecProcess> {
    const running = this.#running.get(name);
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

  #spec(group: Group, index: number): ContainerSpec {
    const { initContainers = [], containers } = this.#host.pod.spec;
    const spec = (group === "init" ? initContainers : containers)[index];
    if (spec === undefined) throw new Error(`the pod has no ${group} container ${index}`);
    return spec;
  }

  /** A failed attempt's reason reaches the status when the next one begins (measured). */
  async #prepared(spec: ContainerSpec, group: Group, index: number) {
    const { timings, images } = this.#node;
    const backoff = new ImageBackoff(timings.imageBackoff);
    for (let attempt = 1; ; attempt++) {
      const look = lookForImage(images, spec, backoff, performance.now());
      const problem = this.#attempt(spec, look);
      if (problem.kind === "ready") return problem;
      this.#host.publish();
      await this.#host.sleep(attempt === 1 ? timings.firstRetry : timings.retry);
      this.states[group][index] = problem.waiting;
      this.#host.publish();
    }
  }

  #attempt(spec: ContainerSpec, look: Look) {
    for (const event of look.events) this.#record(spec, event);
    if (look.kind === "problem") return look;
    try {
      const { store } = this.#node;
      const variables = environmentOf({ store, pod: this.#host.pod, container: spec });
      return { kind: "ready", image: look.image, variables } as const;
    } catch (error) {
      if (!(error instanceof ContainerConfigError)) throw error;
      const problem = configProblem(error.message);
      for (const event of problem.events) this.#record(spec, event);
      return problem;
    }
  }

  #mounts(spec: ContainerSpec, variables: ReadonlyMap<string, string>, terminationMessage: string): Mapping[] {
    const mounts = (spec.volumeMounts ?? []).map(({ name, mountPath, subPath, subPathExpr }): Mapping => {
      const volume = this.volumes.get(name) ?? this.#files.volume(name);
      const below = subPathExpr === undefined ? subPath : expand(subPathExpr, variables);
      return { inPod: mountPath, onHost: below ? join(volume, inside(below)) : volume };
    });
    const inPod = spec.terminationMessagePath || DEFAULT_TERMINATION_PATH;
    return [...mounts, { inPod, onHost: terminationMessage }];
  }

  async #run(group: Group, index: number, launch: Launch, log: ContainerLog): Promise<void> {
    const spec = this.#spec(group, index);
    const container = await Container.start(launch, log, this.#node.clock);
    const startedAt = this.#node.clock();
    const { id } = launch;
    this.states[group][index] = { kind: "running", id, startedAt };
    this.#running.set(spec.name, { container, launch });
    this.#ends.set(spec.name, this.#watch(container, { group, index, id, startedAt, log }));
    this.#record(spec, { type: "Normal", reason: "Started", message: "Container started" });
    this.#host.publish();
  }

  async #watch(
    container: Container,
    {
      group,
      index,
      id,
      startedAt,
      log,
    }: { group: Group; index: number; id: string; startedAt: number; log: ContainerLog },
  ): Promise<void> {
    const { exitCode, finishedAt, outOfMemory } = await container.exited;
    const spec = this.#spec(group, index);
    this.#running.delete(spec.name);
    const places = this.#files.container(spec.name);
    const message = await terminationMessage({
      container: spec,
      failed: exitCode !== 0,
      file: join(places, "termination-log"),
      limit: messageLimit(this.states.init.length + this.states.main.length),
      lastLines: (lines) => lastLines(log, lines),
    });
    const reason = outOfMemory ? "OOMKilled" : exitCode === 0 ? "Completed" : "Error";
    this.states[group][index] = { kind: "terminated", id, exitCode, reason, message, startedAt, finishedAt };
    this.#host.ended();
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
