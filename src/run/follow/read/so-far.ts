/**
 * What a log has at this moment: it is read as that of a container that has ended, by one whole answer. Without a seal nothing
 * says where it ends, and a busy agent would have it read again and again.
 */
import type { ContainerView } from "./container.ts";
import type { LogError, OpenLog } from "./log-source.ts";

/** A container that starts or runs counts as ended, and has left no seal. */
export function asEnded(container: ContainerView): ContainerView {
  return {
    ...container,
    state: () => {
      const state = container.state();
      return state === "running" ? "terminated" : state === "waiting" ? "gone" : state;
    },
    changed: (signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true })),
    seal: () => null,
  };
}

/** After the first answer that came to its end no other is asked for. */
export function answeredOnce(open: OpenLog): OpenLog {
  let isAnswered = false;
  return async (request, signal) => {
    if (isAnswered) return { kind: "refused", error: enough() };
    const opening = await open(request, signal);
    if (opening.kind !== "open") return opening;
    const end = opening.end.then((how) => {
      isAnswered = how.end === "clean";
      return how;
    });
    return { ...opening, end };
  };
}

/** As the kubelet's final word is: it is not asked again. */
const enough = (): LogError => Object.assign(new Error("it was read"), { kind: "status", status: 400 });
