import type { Container } from "kubernetes-types/core/v1";
import type { EventText } from "../controllers/events.ts";
import type { LocalImage } from "../types.ts";
import type { Waiting } from "./container-state.ts";
import { lookUpImage } from "./images.ts";

/** What one attempt to create a container comes to before anything is started. */
export type Look =
  | { readonly kind: "image"; readonly image: LocalImage; readonly events: readonly EventText[] }
  | Problem;

export interface Problem {
  readonly kind: "problem";
  readonly events: readonly EventText[];
  /** Stands in the status from the next attempt on (measured). */
  readonly waiting: Waiting;
}

const LONGEST = 30;

/** When an image may be asked for again: doubled after each failed pull. */
export class ImageBackoff {
  readonly #unit: number;
  #delay: number;
  #until = Number.NEGATIVE_INFINITY;

  constructor(unit: number) {
    this.#unit = unit;
    this.#delay = unit;
  }

  /** True while the kubelet only waits; otherwise this counts as a failed pull. */
  holds(now: number): boolean {
    if (now < this.#until) return true;
    this.#until = now + this.#delay;
    this.#delay = Math.min(this.#delay * 2, this.#unit * LONGEST);
    return false;
  }
}

/** Looks for the image; events, reasons and texts measured on 1.36. `now` is any monotonic time in milliseconds. */
export function lookForImage(
  images: Readonly<Record<string, LocalImage>>,
  container: Container,
  backoff: ImageBackoff,
  now: number,
): Look {
  const name = container.image ?? "";
  const found = lookUpImage(images, container);
  switch (found.kind) {
    case "present": {
      const message = `Container image "${name}" already present on machine and can be accessed by the pod`;
      return { kind: "image", image: found.image, events: [{ type: "Normal", reason: "Pulled", message }] };
    }
    case "invalid":
      return problem("InvalidImageName", found.message, [warning("InspectFailed", found.message)]);
    case "never":
      return problem("ErrImageNeverPull", found.message, [warning("ErrImageNeverPull", found.message)]);
    case "unknown": {
      const waitingText = `Back-off pulling image "${name}"`;
      if (backoff.holds(now)) {
        const events: EventText[] = [{ type: "Normal", reason: "BackOff", message: waitingText }];
        return problem("ImagePullBackOff", `${waitingText}: ErrImagePull: ${found.pullError}`, events);
      }
      return problem("ErrImagePull", found.pullError, [
        { type: "Normal", reason: "Pulling", message: `Pulling image "${name}"` },
        warning("Failed", `Failed to pull image "${name}": ${found.pullError}`),
      ]);
    }
  }
}

function problem(reason: string, message: string, events: readonly EventText[]): Problem {
  const last = warning("Failed", `Error: ${reason}`);
  return { kind: "problem", events: [...events, last], waiting: { kind: "waiting", reason, message } };
}

/** The spec asks for something that is not there, such as a key of a Secret. */
export function configProblem(message: string): Problem {
  const waiting: Waiting = { kind: "waiting", reason: "CreateContainerConfigError", message };
  return { kind: "problem", events: [warning("Failed", `Error: ${message}`)], waiting };
}

function warning(reason: string, message: string): EventText {
  return { type: "Warning", reason, message };
}
