/** Bounds what a run's log can make the host record: each notice is a row of its database. */
import type { TranscriptSink } from "../follow/follow.ts";

type Notify = TranscriptSink["notice"];

/** Notices on its log that a run gets; those of an honest one are a handful. */
const MOST = 100;

/** A way to notify that falls silent after so many; the last word, when all is over, counts what was left out. */
export class NoticeBudget {
  readonly #notify: Notify;
  #told = 0;
  readonly #leftOut = new Map<string, number>();

  constructor(notify: Notify) {
    this.#notify = notify;
  }

  readonly notice: Notify = (type, message, level) => {
    if (this.#told < MOST) {
      this.#told++;
      this.#notify(type, message, level);
    } else this.#leftOut.set(type, (this.#leftOut.get(type) ?? 0) + 1);
  };

  close(): void {
    if (this.#leftOut.size === 0) return;
    const all = [...this.#leftOut.values()].reduce((sum, count) => sum + count, 0);
    const kinds = [...this.#leftOut].map(([type, count]) => `${count} × ${type}`).join(", ");
    const message = `${all} more notices on the run's log were left out after the first ${MOST}: ${kinds}`;
    this.#notify("k8s.log.notices", message, "warn");
  }
}
