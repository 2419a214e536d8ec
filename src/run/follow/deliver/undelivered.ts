import type { Channel } from "../../../runner/frame.ts";
import type { LineBlock } from "../assemble/line-sink.ts";
import { countOf, type Missing } from "../assemble/missing.ts";

/** Lines by their numbers, both ends included; 0 for lines that have none. */
export type LineRange = Pick<LineBlock, "channel" | "from" | "to">;

/** Ranges that are named; beyond, the last one of a channel grows over what lies between. */
const MAX_NAMED = 100;

/**
 * Lines on their way to the host that it does not have: those that wait, and those that it refused. Lines come and go in
 * the order of their numbers, so that what is skipped on the way out was lost on the way.
 */
export class Undelivered {
  readonly #waiting: Record<Channel, { from: number; to: number }[]> = { stdout: [], stderr: [] };
  readonly #refused: Record<Channel, Missing[]> = { stdout: [], stderr: [] };
  #refusedStdout = 0;

  /** Lines wait for the host. */
  wait({ channel, from, to }: LineRange): void {
    if (from === 0) return;
    const last = this.#waiting[channel].at(-1);
    if (last?.to === from - 1) last.to = to;
    else this.#waiting[channel].push({ from, to });
  }

  /** Lines that waited were offered: the next of their channel, or those before them are lost because of `why`. */
  leave({ channel, from, to }: LineRange, why: string): void {
    const waiting = this.#waiting[channel];
    for (let first = waiting[0]; first && first.from < from; first = waiting[0]) {
      this.refuse({ channel, from: first.from, to: Math.min(first.to, from - 1) }, why);
      if (first.to < from) waiting.shift();
      else first.from = from;
    }
    const first = waiting[0];
    if (first && first.to > to) first.from = to + 1;
    else waiting.shift();
  }

  refuse({ channel, from, to }: LineRange, why: string): void {
    const refused = this.#refused[channel];
    const last = refused.at(-1);
    // What is shown of one line may be in two blocks.
    const fresh = last && last.from <= from && from <= last.to ? last.to + 1 : from;
    if (from === 0 || fresh > to) return;
    if (channel === "stdout") this.#refusedStdout += countOf({ from: fresh, to });
    const follows = last?.to === fresh - 1 && last.why === why;
    if (last && (follows || refused.length >= MAX_NAMED))
      refused[refused.length - 1] = { ...last, to: Math.max(last.to, to) };
    else refused.push({ channel, from: fresh, to, cause: "undelivered", why });
  }

  /** What the host does not have. `whyWaiting`: why it was never offered what still waits. */
  report(whyWaiting: string): { readonly gaps: readonly Missing[]; readonly lines: number } {
    for (const channel of ["stdout", "stderr"] as const) {
      for (const range of this.#waiting[channel].splice(0)) this.refuse({ channel, ...range }, whyWaiting);
    }
    const inOrder = (gaps: Missing[]) => gaps.toSorted((a, b) => a.from - b.from);
    return { gaps: [...inOrder(this.#refused.stdout), ...inOrder(this.#refused.stderr)], lines: this.#refusedStdout };
  }
}
