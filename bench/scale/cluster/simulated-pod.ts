/** The life of a pod that is no process, told to the API server step by step as the devcluster's node does. */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { EventRecorder } from "../../../devcluster/src/controllers/events.ts";
import type { Pod } from "../../../devcluster/src/controllers/objects.ts";
import { type ContainerState, NOT_LOCATED } from "../../../devcluster/src/node/container-state.ts";
import type { LogRegistry } from "../../../devcluster/src/node/logs/reader.ts";
import { phaseAtEnd, statusOf } from "../../../devcluster/src/node/status.ts";
import type { ApiStore } from "../../../devcluster/src/store/store.ts";
import type { Timings } from "../../../devcluster/src/timings.ts";
import type { Clock, KubeObject } from "../../../devcluster/src/types.ts";
import { RUN_FILES } from "../../../src/runner/spec.ts";
import { readCommand } from "../agent.ts";
import { SimulatedAgent, type SimulatedEnd } from "./simulated-agent.ts";
import { SimulatedLog } from "./simulated-log.ts";

export interface SimulationContext {
  readonly store: ApiStore;
  readonly clock: Clock;
  readonly timings: Timings;
  readonly logs: LogRegistry<SimulatedLog>;
  readonly record: EventRecorder;
}

export class SimulatedPod {
  /** Resolves when nothing of it is left on the node. */
  readonly done: Promise<void>;
  readonly #context: SimulationContext;
  readonly #pod: Pod;
  readonly #interrupt = new AbortController();
  readonly #leave = Promise.withResolvers<void>();
  readonly #startedAt: number;
  #state: ContainerState = { kind: "waiting", reason: "ContainerCreating" };
  #agent: SimulatedAgent | undefined;
  #ready = false;
  #over: "Succeeded" | "Failed" | undefined;
  #silent = false;

  constructor(context: SimulationContext, pod: Pod) {
    this.#context = context;
    this.#pod = pod;
    this.#startedAt = context.clock();
    this.done = this.#live();
  }

  /** The object has changed. */
  update(pod: Pod): void {
    if (pod.metadata.deletionTimestamp === undefined) return;
    if (this.#over === undefined) this.#interrupt.abort();
    this.#leave.resolve();
  }

  /** The object is gone, or the node stops. */
  drop(): void {
    this.#silent = true;
    this.#interrupt.abort();
    this.#leave.resolve();
  }

  /** Its agent has done its work. */
  finish(): void {
    this.#agent?.finish();
  }

  async #live(): Promise<void> {
    try {
      await this.#run();
    } catch (error) {
      if (!this.#interrupt.signal.aborted) throw error;
      await this.#end();
    }
    await this.#leave.promise;
    const { namespace, name, uid } = this.#pod.metadata;
    this.#context.logs.forget(uid);
    if (!this.#silent && this.#context.store.get("pods", namespace ?? "", name)?.metadata.uid === uid)
      this.#context.store.delete("pods", namespace ?? "", name, { gracePeriodSeconds: 0, preconditions: { uid } });
  }

  async #run(): Promise<void> {
    const { timings } = this.#context;
    await this.#sleep(timings.podSeen);
    this.#publish();
    const script = await this.#script();
    await this.#sleep(timings.sandbox);
    this.#ready = true;
    const { image = "", name } = this.#container;
    const fieldPath = `spec.containers{${name}}`;
    const present = `Container image "${image}" already present on machine and can be accessed by the pod`;
    this.#tell("Pulled", present, fieldPath);
    this.#publish();
    await this.#sleep(timings.createContainer);
    this.#tell("Created", "Container created", fieldPath);
    await this.#sleep(timings.startContainer);
    const log = new SimulatedLog(this.#context.clock);
    this.#context.logs.add(this.#pod.metadata.uid, name, log);
    this.#agent = new SimulatedAgent(script, (frames) => log.write(frames));
    const startedAt = this.#context.clock();
    this.#state = { kind: "running", id: randomBytes(32).toString("hex"), startedAt };
    this.#tell("Started", "Container started", fieldPath);
    this.#publish();
    const ended = this.#agent.ended.then((end) => {
      log.end();
      this.#ended(end);
    });
    await Promise.race([ended, this.#aborted()]);
    await this.#sleep(timings.exitSeen);
    this.#publish();
    await this.#sleep(timings.phaseSeen);
    this.#over = phaseAtEnd([this.#state], undefined);
    this.#publish();
  }

  /** A pod that is deleted while it lives. */
  async #end(): Promise<void> {
    const { killSeen, podRemoved } = this.#context.timings;
    const ran = this.#agent !== undefined;
    const { name } = this.#container;
    if (ran) this.#tell("Killing", `Stopping container ${name}`, `spec.containers{${name}}`);
    this.#publish();
    this.#agent?.terminate();
    await this.#agent?.ended;
    if (!ran) {
      await delay(killSeen);
      this.#ready = false;
      this.#publish();
    }
    await delay(killSeen);
    if (this.#state.kind === "waiting") this.#state = NOT_LOCATED;
    this.#over = phaseAtEnd([this.#state], undefined);
    this.#publish();
    if (ran) await delay(podRemoved);
  }

  #ended({ exitCode, message }: SimulatedEnd): void {
    if (this.#state.kind !== "running") return;
    const { id, startedAt } = this.#state;
    const reason = exitCode === 0 ? "Completed" : "Error";
    this.#state = { kind: "terminated", id, exitCode, reason, message, startedAt, finishedAt: this.#context.clock() };
  }

  get #container() {
    const [container] = this.#pod.spec.containers;
    if (container === undefined) throw new Error(`pod ${this.#pod.metadata.name} has no container`);
    return container;
  }

  /** What the run's Secret says is to be run; a kubelet waits for a volume's Secret as well. */
  async #script() {
    for (;;) {
      const command = this.#command();
      if (command !== undefined) {
        const script = readCommand(command);
        if (script === undefined) throw new Error(`pod ${this.#pod.metadata.name} has no agent of this load`);
        return script;
      }
      await this.#sleep(this.#context.timings.mountBackoff);
    }
  }

  #command(): readonly unknown[] | undefined {
    const volumes = this.#pod.spec.volumes ?? [];
    const names = volumes.flatMap(({ secret, projected }) => [
      ...(secret ? [secret.secretName] : []),
      ...(projected?.sources ?? []).flatMap(({ secret: source }) => (source ? [source.name] : [])),
    ]);
    for (const name of names) {
      const found = this.#context.store.get<KubeObject & { data?: Record<string, string> }>(
        "secrets",
        this.#pod.metadata.namespace ?? "",
        name ?? "",
      );
      const spec = found?.data?.[RUN_FILES.spec];
      if (spec !== undefined) return JSON.parse(Buffer.from(spec, "base64").toString()).command;
    }
    return undefined;
  }

  #tell(reason: string, message: string, fieldPath: string): void {
    if (!this.#silent) this.#context.record(this.#pod, { type: "Normal", reason, message, fieldPath });
  }

  #publish(): void {
    if (this.#silent) return;
    const { namespace, name, uid } = this.#pod.metadata;
    const { store, clock } = this.#context;
    const runtime = {
      startedAt: this.#startedAt,
      ready: this.#ready,
      init: [],
      main: [this.#state],
      ephemeral: [],
      restarts: new Map(),
      ...(this.#over === undefined ? {} : { over: this.#over }),
    };
    store.mutate<Pod>("pods", namespace ?? "", name, (draft) => {
      if (draft.metadata.uid === uid) draft.status = statusOf(draft, runtime, clock());
    });
  }

  async #sleep(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#interrupt.signal });
  }

  #aborted(): Promise<void> {
    const { signal } = this.#interrupt;
    return new Promise((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}
