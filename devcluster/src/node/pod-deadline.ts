import type { Pod } from "../controllers/objects.ts";

export const DEADLINE = {
  reason: "DeadlineExceeded",
  message: "Pod was active on the node longer than the specified deadline",
};

/** The longest delay that a timer of Node takes: 24 days. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Calls back when the pod has had its time, counted from the whole second that startTime shows. Returns the way to stop. */
export function atDeadline({ spec }: Pod, startedAt: number, now: number, exceeded: () => void): () => void {
  const { activeDeadlineSeconds } = spec;
  if (activeDeadlineSeconds === undefined) return () => {};
  const at = Math.floor(startedAt / 1000) * 1000 + activeDeadlineSeconds * 1000;
  const timer = setTimeout(exceeded, Math.min(at - now, LONGEST_TIMER));
  return () => clearTimeout(timer);
}
