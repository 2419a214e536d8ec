import { setTimeout as delay } from "node:timers/promises";
import type { Container } from "kubernetes-types/core/v1";
import type { Pod } from "../controllers/objects.ts";
import { KillTimer } from "./kill-timer.ts";
import { overuseOf } from "./local-storage.ts";
import type { NodeContext } from "./node-context.ts";
import { PodContainers } from "./pod-containers.ts";
import { atDeadline, DEADLINE } from "./pod-deadline.ts";
import { PodFiles } from "./pod-files.ts";
import { PodReporter } from "./pod-reporter.ts";
import { isSidecar } from "./sidecar.ts";
import { isEvicted, type PodRuntime, phaseAtEnd } from "./status.ts";
import { untilAborted } from "./until-aborted.ts";
import { mountAll } from "./volumes/mount-all.ts";
import { keepFresh } from "./volumes/refresh.ts";

const DEFAULT_GRACE = 30;

/** The life of one pod on the node, from its binding to the removal of its last file. */
export class PodWorker {
  /** Resolves when nothing of the pod is left on the node. */
  readonly done: Promise<void>;
  readonly containers: PodContainers;
  readonly #node: NodeContext;
  readonly #pod: Pod;
  readonly #files: PodFiles;
  /** Ends what the pod is doing. */
  readonly #interrupt = new AbortController();
  readonly #reporter: PodReporter;
  /** The sandbox and the volumes are there. */
  readonly #set = Promise.withResolvers<void>();
  /** The pod has to leave the node. */
  readonly #leave = Promise.withResolvers<void>();
  readonly #startedAt: number;
  #ready = false;
  #failing: PodRuntime["failing"];
  #over: PodRuntime["over"];
  #stopRefreshing: () => Promise<void> = async () => {};
  readonly #killTimer = new KillTimer((atOnce) =>
    atOnce ? this.containers.running.kill() : this.containers.running.killInOrder(() => this.containers.allEnded()),
  );
  #stopDeadline = (): void => {};

  constructor(node: NodeContext, pod: Pod) {
    this.#node = node;
    this.#pod = pod;
    this.#files = new PodFiles(node.directory, pod);
    this.#reporter = new PodReporter(node, pod);
    this.#startedAt = node.clock();
    this.containers = new PodContainers(
      node,
      {
        pod,
        publish: () => this.#publish(),
        ended: () => this.#tellLater(),
        sleep: (milliseconds) => this.#sleep(milliseconds),
        record: (event) => this.#reporter.record(event),
      },
      this.#files,
    );
    this.done = this.#live();
  }

  /** The object has changed. */
  update(pod: Pod): void {
    const { ephemeralContainers } = pod.spec as { ephemeralContainers?: Container[] };
    if (ephemeralContainers !== undefined) this.#do(() => this.containers.addEphemeral(ephemeralContainers));
    if (pod.metadata.deletionTimestamp === undefined) return;
    this.#endWithin(pod.metadata.deletionGracePeriodSeconds ?? DEFAULT_GRACE);
    this.#leave.resolve();
  }

  /** The object is gone: what runs is ended all the same. */
  removed(): void {
    this.#reporter.silence();
    this.#endWithin(0);
    this.#leave.resolve();
  }

  /** The node stops, or is lost: everything dies at once. */
  async abandon(): Promise<void> {
    this.#reporter.silence();
    this.#interrupt.abort();
    this.#leave.resolve();
    await this.#killTimer.now();
    await this.done;
  }

  /** The kubelet ends the pod for what it takes of the node; nothing of its containers is left but their status (measured). */
  async evict(message: string, { under }: { readonly under?: "pressure" } = {}): Promise<void> {
    if (this.#over !== undefined || this.#interrupt.signal.aborted) return;
    this.#failing = { reason: "Evicted", message };
    if (under === "pressure") this.#reporter.markDisrupted(message);
    this.#interrupt.abort();
    await this.#killTimer.now();
  }

  /** What the pod takes too much of the node's disk for; undefined while it fits. */
  overuse(): Promise<string | undefined> {
    return overuseOf(this.#pod, this.#files);
  }

  /** Beside the pod's own course, once its volumes are there; not when it is to end. */
  #do(work: () => Promise<void>): void {
    this.#set.promise.then(work).catch((error: unknown) => {
      if (!this.#interrupt.signal.aborted) process.emitWarning(error instanceof Error ? error : String(error));
    });
  }

  async #live(): Promise<void> {
    try {
      await this.#run();
    } catch (error) {
      if (!this.#interrupt.signal.aborted) {
        await this.containers.running.kill();
        throw error;
      }
      await this.#end();
    }
    await this.#leave.promise;
    await this.#stopRefreshing();
    this.#stopDeadline();
    this.#reporter.remove();
    this.#node.logs.forget(this.#pod.metadata.uid);
    await this.#files.remove();
  }

  async #run(): Promise<void> {
    const { timings, store, claims } = this.#node;
    await this.#sleep(timings.podSeen);
    this.#publish();
    this.#stopDeadline = atDeadline(this.#pod, this.#startedAt, this.#node.clock(), () => {
      this.#failing = DEADLINE;
      this.#endWithin(this.#grace);
    });
    const context = { store, pod: this.#pod, files: this.#files, claims };
    this.containers.volumes = await mountAll(this.#pod.spec.volumes ?? [], {
      context,
      record: (event) => this.#reporter.record(event),
      sleep: (milliseconds) => this.#sleep(milliseconds),
      backoff: timings.mountBackoff,
    });
    this.#stopRefreshing = keepFresh(context, store, timings.volumeRefresh);
    await this.#sleep(timings.sandbox);
    this.#ready = true;
    this.#set.resolve();
    for (const index of this.containers.states.init.keys()) {
      if (!(await this.#runInit(index))) return await this.#conclude();
    }
    await this.containers.startMain();
    await this.#untilEnded();
    await this.#endSidecars();
    await this.#conclude();
  }

  get #grace(): number {
    return this.#pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE;
  }

  /** Sidecars outlive the containers proper, and have the pod's grace to follow them. */
  async #endSidecars(): Promise<void> {
    if (this.containers.running.names.length === 0) return;
    await this.containers.running.terminateSidecars();
    this.#killTimer.within(this.#grace);
    await Promise.race([this.containers.allEnded(), untilAborted(this.#interrupt.signal)]);
    await this.#sleep(0);
  }

  async #runInit(index: number): Promise<boolean> {
    const { init } = this.containers.states;
    await this.containers.start("init", index);
    if (isSidecar(this.#pod.spec.initContainers?.[index])) return true;
    await this.#untilEnded();
    const state = init[index];
    return state?.kind === "terminated" && state.exitCode === 0;
  }

  async #untilEnded(): Promise<void> {
    await Promise.race([this.containers.ended(), untilAborted(this.#interrupt.signal)]);
    await this.#sleep(this.#node.timings.exitSeen);
    this.#publish();
  }

  /** One container of several may end long before the last. */
  #tellLater(): void {
    this.#sleep(this.#node.timings.exitSeen).then(
      () => this.#publish(),
      // The pod is to end: what is told then includes this.
      () => {},
    );
  }

  /** What has ended is told first with the phase as it was, then with the phase that follows from it. */
  async #conclude(): Promise<void> {
    await this.#sleep(this.#node.timings.phaseSeen);
    this.#stopDeadline();
    this.#killTimer.stop();
    this.#over = phaseAtEnd(this.containers.states.main, this.#failing);
    this.#publish();
  }

  /** Ends a pod that is deleted, or has had its time. */
  async #end(): Promise<void> {
    const { killSeen, podRemoved } = this.#node.timings;
    if (this.#failing !== undefined) {
      this.#reporter.record({ type: isEvicted(this.#failing) ? "Warning" : "Normal", ...this.#failing });
      this.#publish();
    }
    const ran = this.containers.everRan;
    this.containers.recordKilling();
    this.containers.forgetWhyWaiting();
    this.#publish();
    await this.containers.running.terminate();
    if (this.#killTimer.isNow) await this.containers.running.kill();
    await this.containers.ended();
    await this.containers.running.terminateSidecars();
    await this.containers.allEnded();
    this.#killTimer.stop();
    if (!ran) {
      await this.#reporter.pause(killSeen);
      this.#ready = false;
      this.#publish();
    }
    await this.#reporter.pause(killSeen);
    this.containers.giveUpWaiting();
    this.#over = phaseAtEnd(this.containers.states.main, this.#failing);
    this.#publish();
    if (isEvicted(this.#failing)) this.#node.logs.markRemoved(this.#pod.metadata.uid);
    if (ran) await this.#reporter.pause(podRemoved);
  }

  #endWithin(seconds: number): void {
    if (this.#over !== undefined) return;
    this.#killTimer.within(seconds);
    this.#interrupt.abort();
  }

  #publish(): void {
    const { states } = this.containers;
    this.#reporter.publish({
      startedAt: this.#startedAt,
      ready: this.#ready,
      init: [...states.init],
      main: [...states.main],
      ephemeral: [...states.ephemeral],
      restarts: this.containers.restarts,
      ...(this.#failing === undefined ? {} : { failing: this.#failing }),
      ...(this.#over === undefined ? {} : { over: this.#over }),
    });
  }

  async #sleep(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#interrupt.signal });
  }
}
