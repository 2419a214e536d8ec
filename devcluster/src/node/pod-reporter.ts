import { setTimeout as delay } from "node:timers/promises";
import type { EventText } from "../controllers/events.ts";
import { type Pod, timestamp } from "../controllers/objects.ts";
import type { NodeContext } from "./node-context.ts";
import { type PodRuntime, statusOf } from "./status.ts";

/** What the node tells the API server of one pod, until it is silenced. */
export class PodReporter {
  readonly #node: NodeContext;
  readonly #pod: Pod;
  readonly #silence = new AbortController();

  constructor(node: NodeContext, pod: Pod) {
    this.#node = node;
    this.#pod = pod;
  }

  /** Nobody listens any more: nothing is said, nothing waited for. */
  silence(): void {
    this.#silence.abort();
  }

  publish(runtime: PodRuntime): void {
    if (this.#isSilent()) return;
    const { namespace, name, uid } = this.#pod.metadata;
    this.#node.link.tell(`${uid} status`, () => {
      this.#node.store.mutate<Pod>("pods", namespace, name, (draft) => {
        if (draft.metadata.uid === uid) draft.status = statusOf(draft, runtime, this.#node.clock());
      });
    });
  }

  record(event: EventText): void {
    if (this.#isSilent()) return;
    const { reason, message } = event;
    this.#node.link.tell(`${this.#pod.metadata.uid} event ${reason} ${message}`, () =>
      this.#node.record(this.#pod, event),
    );
  }

  /** The node ends the pod for its own sake. */
  markDisrupted(message: string): void {
    if (this.#isSilent()) return;
    const { namespace, name, uid } = this.#pod.metadata;
    this.#node.link.tell(`${uid} disruption`, () => {
      this.#node.store.mutate<Pod>("pods", namespace, name, (draft) => {
        if (draft.metadata.uid !== uid) return;
        const others = draft.status?.conditions?.filter(({ type }) => type !== "DisruptionTarget") ?? [];
        const lastTransitionTime = timestamp(this.#node.clock());
        const reason = "TerminationByKubelet";
        const condition = { type: "DisruptionTarget", status: "True", reason, message, lastTransitionTime };
        draft.status = { ...draft.status, conditions: [condition, ...others] };
      });
    });
  }

  /** Removes the object: nothing of a deleted pod runs any more. */
  remove(): void {
    if (this.#isSilent()) return;
    const { namespace, name, uid } = this.#pod.metadata;
    this.#node.link.tell(`${uid} removal`, () => {
      const object = this.#node.store.get("pods", namespace, name);
      if (object?.metadata.uid !== uid) return;
      this.#node.store.delete("pods", namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } });
    });
  }

  /** Waits so that a watcher can see what was told; cut short when nobody listens. */
  async pause(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#silence.signal }).catch(() => {});
  }

  #isSilent(): boolean {
    return this.#silence.signal.aborted;
  }
}
