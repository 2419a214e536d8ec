import { mkdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { ApiError } from "../api/api-error.ts";
import { createEventRecorder } from "../controllers/events.ts";
import { hasEnded, type Pod } from "../controllers/objects.ts";
import { measuredTimings, type Timings } from "../timings.ts";
import type {
  Clock,
  ExecProcess,
  ExecProgram,
  Executor,
  KubeObject,
  LocalImage,
  LogReader,
  Store,
  StoreEvent,
} from "../types.ts";
import { Link } from "./link.ts";
import { readLog } from "./logs/read.ts";
import { createLogReader, LogRegistry } from "./logs/reader.ts";
import { DEFAULT_ROTATION, type RotationLimits, rotate } from "./logs/rotation.ts";
import type { NodeContext } from "./node-context.ts";
import { markReachable, markUnreachable, type NodeDescription, registerNode } from "./node-object.ts";
import { PodWorker } from "./pod-worker.ts";
import type { PodName, RunningNode } from "./running-node.ts";

export interface NodeOptions extends NodeDescription {
  /** Where pods, logs and claims have their files; made when missing. */
  readonly directory: string;
  /** What can be run; read anew at each attempt, so an image may appear later. */
  readonly images: Readonly<Record<string, LocalImage>>;
  /** @default Date.now */
  readonly clock?: Clock;
  /** @default measuredTimings */
  readonly timings?: Timings;
  readonly rotation?: Partial<RotationLimits>;
  /** Variables of every container. @default {} */
  readonly environment?: Readonly<Record<string, string>>;
  /** The environment whose PATH containers share. @default process.env */
  readonly host?: Readonly<Record<string, string | undefined>>;
}

/** Registers a node and runs the pods that are bound to it, as processes of this host, without any isolation. */
export async function startNode(store: Store, options: NodeOptions): Promise<RunningNode> {
  await mkdir(options.directory, { recursive: true });
  return new LocalNode(store, options);
}

class LocalNode implements RunningNode {
  readonly name: string;
  readonly logs: LogReader;
  readonly executor: Executor;
  readonly #store: Store;
  readonly #context: NodeContext;
  readonly #workers = new Map<string, PodWorker>();
  readonly #rotation: RotationLimits;
  readonly #rotationTimer: NodeJS.Timeout;
  readonly #unsubscribe: () => void;
  readonly #link = new Link();

  constructor(store: Store, options: NodeOptions) {
    const { directory, images, clock = Date.now, timings = measuredTimings } = options;
    this.#store = store;
    const registry = new LogRegistry();
    this.#context = {
      store,
      clock,
      timings,
      directory,
      claims: join(directory, "claims"),
      images,
      host: options.host ?? process.env,
      shared: options.environment ?? {},
      logs: registry,
      record: createEventRecorder(store, clock, "kubelet"),
      link: this.#link,
    };
    this.#rotation = { ...DEFAULT_ROTATION, ...options.rotation };
    this.logs = this.#reachable(createLogReader({ registry, read: readLog, clock, followEnd: timings.followEnd }));
    this.executor = { exec: (pod, container, program) => this.#exec(pod as Pod, container, program) };
    this.name = registerNode(store, options, clock());
    for (const object of store.list("pods")) this.#hear({ type: "ADDED", resource: "pods", object });
    this.#unsubscribe = store.subscribe((event) => this.#hear(event));
    this.#rotationTimer = setInterval(() => {
      this.#rotateLarge();
      for (const worker of this.#workers.values()) this.#evictGreedy(worker);
    }, timings.rotationCheck);
  }

  async oomKill(pod: PodName, options: { child?: boolean; container?: string } = {}): Promise<void> {
    await this.#worker(pod).containers.running.killForMemory({ ...options, child: options.child ?? false });
  }

  async rotate(pod: PodName): Promise<void> {
    const { uid } = this.#pod(pod).metadata;
    await Promise.all(this.#context.logs.of(uid).map((log) => rotate(log, this.#rotation.maxFiles)));
  }

  async lose(): Promise<void> {
    this.#link.cut();
    for (const log of this.#context.logs.all()) log.freeze();
    await Promise.all([...this.#workers.values()].map((worker) => worker.abandon()));
    markUnreachable(this.#store, this.name, this.#context.clock());
  }

  async evict(pod: PodName, message: string, options: { under?: "pressure" } = {}): Promise<void> {
    await this.#worker(pod).evict(message, options);
  }

  disconnect(): void {
    this.#link.cut();
    markUnreachable(this.#store, this.name, this.#context.clock());
  }

  reconnect(): void {
    this.#link.restore();
    markReachable(this.#store, this.name, this.#context.clock());
    const there = this.#store.list<Pod>("pods");
    for (const pod of there) this.#hearPod("MODIFIED", pod);
    const uids = new Set(there.map(({ metadata }) => metadata.uid));
    for (const [uid, worker] of this.#workers) if (!uids.has(uid)) worker.removed();
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    clearInterval(this.#rotationTimer);
    await Promise.all([...this.#workers.values()].map((worker) => worker.abandon()));
    const { directory, claims } = this.#context;
    for (const folder of [join(directory, "pods"), join(directory, "logs"), claims]) {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
    // The directory may be somebody else's too: only an empty one goes.
    await rmdir(directory).catch(() => {});
  }

  #hear({ type, resource, object }: StoreEvent): void {
    if (!this.#link.isUp) return;
    if (resource === "pods") this.#hearPod(type, object as Pod);
    if (resource === "persistentvolumeclaims" && type === "DELETED") this.#dropClaim(object);
  }

  #hearPod(type: StoreEvent["type"], pod: Pod): void {
    const { uid } = pod.metadata;
    const worker = this.#workers.get(uid);
    if (worker !== undefined) {
      if (type === "DELETED") worker.removed();
      else worker.update(pod);
    } else if (type !== "DELETED" && pod.spec.nodeName === this.name && !hasEnded(pod)) {
      const started = new PodWorker(this.#context, pod);
      this.#workers.set(uid, started);
      started.update(pod);
      started.done
        .catch((error: unknown) => process.emitWarning(error instanceof Error ? error : String(error)))
        .finally(() => this.#workers.delete(uid));
    }
  }

  #dropClaim({ metadata }: KubeObject): void {
    const folder = join(this.#context.claims, metadata.namespace ?? "", metadata.name);
    rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch((error: unknown) =>
      process.emitWarning(String(error)),
    );
  }

  #rotateLarge(): void {
    const { maxBytes, maxFiles } = this.#rotation;
    for (const log of this.#context.logs.all()) {
      if (log.size <= maxBytes) continue;
      rotate(log, maxFiles).catch((error: unknown) => process.emitWarning(String(error)));
    }
  }

  #evictGreedy(worker: PodWorker): void {
    worker.overuse().then(
      (message) => (message === undefined ? undefined : worker.evict(message)),
      (error: unknown) => process.emitWarning(error instanceof Error ? error : String(error)),
    );
  }

  #reachable(reader: LogReader): LogReader {
    return {
      open: async (pod, container, options, signal) => {
        if (this.#link.isUp) return this.#link.through(await reader.open(pod, container, options, signal), signal);
        const text = `Get "https://${this.name}:10250/containerLogs/": dial tcp: connect: no route to host`;
        throw new ApiError(500, "InternalError", text);
      },
    };
  }

  async #exec(pod: Pod, container: string, program: ExecProgram): Promise<ExecProcess> {
    if (!this.#link.isUp) throw new Error("error dialing backend: dial tcp: connect: no route to host");
    const worker = this.#workers.get(pod.metadata.uid);
    if (worker === undefined) throw new Error(`unable to upgrade connection: container not found ("${container}")`);
    return worker.containers.exec(container, program);
  }

  #pod({ namespace, name }: PodName): Pod {
    const pod = this.#store.get<Pod>("pods", namespace, name);
    if (pod === undefined) throw new Error(`there is no pod ${namespace}/${name}`);
    return pod;
  }

  #worker(pod: PodName): PodWorker {
    const worker = this.#workers.get(this.#pod(pod).metadata.uid);
    if (worker === undefined) throw new Error(`pod ${pod.namespace}/${pod.name} is not on the node`);
    return worker;
  }
}
