import { setTimeout as delay } from "node:timers/promises";
import type { Pod } from "../controllers/objects.ts";
import type { NodeContext } from "./node-context.ts";
import { PodContainers } from "./pod-containers.ts";
import { PodFiles } from "./pod-files.ts";
import { PodReporter } from "./pod-reporter.ts";
import type { PodRuntime } from "./status.ts";
import { mountAll } from "./volumes/mount-all.ts";
import { keepFresh } from "./volumes/refresh.ts";

const DEADLINE = {
  reason: "DeadlineExceeded",
  message: "Pod was active on the node longer than the specified deadline",
};

/** A forced deletion (grace 0) still leaves the containers this many seconds: measured, their handlers run. */
const LEAST_GRACE = 2;
const DEFAULT_GRACE = 30;
/** The longest delay that a timer of Node takes: 24 days. */
const LONGEST_TIMER = 2 ** 31 - 1;

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
  /** The pod has to leave the node. */
  readonly #leave = Promise.withResolvers<void>();
  readonly #startedAt: number;
  #ready = false;
  #failing: PodRuntime["failing"];
  #over: PodRuntime["over"];
  #stopRefreshing: () => Promise<void> = async () => {};
  #killTimer: NodeJS.Timeout | undefined;
  #killAt = Number.POSITIVE_INFINITY;
  #deadlineTimer: NodeJS.Timeout | undefined;

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
    clearTimeout(this.#killTimer);
    this.#killAt = Number.NEGATIVE_INFINITY;
    await this.containers.kill();
    await this.done;
  }

  async #live(): Promise<void> {
    try {
      await this.#run();
    } catch (error) {
      if (!this.#interrupt.signal.aborted) {
        await this.containers.kill();
        throw error;
      }
      await this.#end();
    }
    await this.#leave.promise;
    await this.#stopRefreshing();
    clearTimeout(this.#deadlineTimer);
    this.#reporter.remove();
    this.#node.logs.forget(this.#pod.metadata.uid);
    await this.#files.remove();
  }

  async #run(): Promise<void> {
    const { timings, store, claims } = this.#node;
    await this.#sleep(timings.podSeen);
    this.#publish();
    this.#armDeadline();
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
    for (const index of this.containers.states.init.keys()) {
      if (!(await this.#runInit(index))) return await this.#conclude();
    }
    const starts = [...this.containers.states.main.keys()].map((index) => this.containers.start("main", index));
    const failed = (await Promise.allSettled(starts)).find((start) => start.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    await this.#untilEnded();
    await this.#conclude();
  }

  async #runInit(index: number): Promise<boolean> {
    const { init } = this.containers.states;
    await this.containers.start("init", index);
    await this.#untilEnded();
    const state = init[index];
    return state?.kind === "terminated" && state.exitCode === 0;
  }

  async #untilEnded(): Promise<void> {
    await Promise.race([this.containers.ended(), this.#interrupted()]);
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
    clearTimeout(this.#deadlineTimer);
    this.#over = this.#outcome();
    this.#publish();
  }

  /** Ends a pod that is deleted, or has had its time. */
  async #end(): Promise<void> {
    const { killSeen, podRemoved } = this.#node.timings;
    if (this.#failing !== undefined) {
      this.#reporter.record({ type: "Normal", ...this.#failing });
      this.#publish();
    }
    const ran = this.containers.everRan;
    for (const name of this.containers.running) {
      const fieldPath = `spec.containers{${name}}`;
      this.#reporter.record({ type: "Normal", reason: "Killing", message: `Stopping container ${name}`, fieldPath });
    }
    this.containers.forgetWhyWaiting();
    this.#publish();
    await this.containers.terminate();
    if (this.#killAt === Number.NEGATIVE_INFINITY) await this.containers.kill();
    await this.containers.ended();
    clearTimeout(this.#killTimer);
    if (!ran) {
      await this.#reporter.pause(killSeen);
      this.#ready = false;
      this.#publish();
    }
    await this.#reporter.pause(killSeen);
    this.containers.giveUpWaiting();
    this.#over = this.#outcome();
    this.#publish();
    if (ran) await this.#reporter.pause(podRemoved);
  }

  #outcome(): "Succeeded" | "Failed" {
    if (this.#failing !== undefined) return "Failed";
    const { main } = this.containers.states;
    return main.every((state) => state.kind === "terminated" && state.exitCode === 0) ? "Succeeded" : "Failed";
  }

  #endWithin(seconds: number): void {
    if (this.#over !== undefined) return;
    const wait = Math.max(LEAST_GRACE, seconds) * 1000;
    const at = performance.now() + wait;
    if (at < this.#killAt) {
      this.#killAt = at;
      clearTimeout(this.#killTimer);
      this.#killTimer = setTimeout(() => {
        this.containers.kill().catch((error: unknown) => process.emitWarning(String(error)));
      }, wait);
    }
    this.#interrupt.abort();
  }

  /** Counted from the whole second that startTime shows. */
  #armDeadline(): void {
    const { activeDeadlineSeconds, terminationGracePeriodSeconds = DEFAULT_GRACE } = this.#pod.spec;
    if (activeDeadlineSeconds === undefined) return;
    const at = Math.floor(this.#startedAt / 1000) * 1000 + activeDeadlineSeconds * 1000;
    this.#deadlineTimer = setTimeout(
      () => {
        this.#failing = DEADLINE;
        this.#endWithin(terminationGracePeriodSeconds);
      },
      Math.min(at - this.#node.clock(), LONGEST_TIMER),
    );
  }

  #publish(): void {
    const { states } = this.containers;
    this.#reporter.publish({
      startedAt: this.#startedAt,
      ready: this.#ready,
      init: [...states.init],
      main: [...states.main],
      ...(this.#failing === undefined ? {} : { failing: this.#failing }),
      ...(this.#over === undefined ? {} : { over: this.#over }),
    });
  }

  async #sleep(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#interrupt.signal });
  }

  #interrupted(): Promise<void> {
    const { signal } = this.#interrupt;
    return new Promise((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}
