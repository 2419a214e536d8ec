import type { Container } from "kubernetes-types/core/v1";
import type { EventText } from "../controllers/events.ts";
import type { Pod } from "../controllers/objects.ts";
import type { LocalImage } from "../types.ts";
import { configProblem, ImageBackoff, type Look, lookForImage } from "./container-problem.ts";
import type { Waiting } from "./container-state.ts";
import { ContainerConfigError, environmentOf } from "./environment.ts";
import type { NodeContext } from "./node-context.ts";
import type { Mount } from "./paths.ts";

export interface PreparedContainer {
  readonly image: LocalImage;
  readonly variables: ReadonlyMap<string, string>;
  readonly mounts: readonly Mount[];
}

export interface PreparationHost {
  readonly pod: Pod;
  /** Where the container's volumes lie on the host. Rejects with ContainerConfigError. */
  readonly mounts: (variables: ReadonlyMap<string, string>) => Promise<readonly Mount[]>;
  readonly record: (event: EventText) => void;
  /** Throws when the pod is to end. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Tells the pod's state, with this one of the container. */
  readonly publish: (waiting?: Waiting) => void;
}

/**
 * Tries until there are an image and an environment. A failed attempt's reason reaches the status when the next one begins
 * (measured).
 */
export async function prepare(
  container: Container,
  node: NodeContext,
  host: PreparationHost,
): Promise<PreparedContainer> {
  const { timings, images } = node;
  const backoff = new ImageBackoff(timings.imageBackoff);
  for (let tried = 1; ; tried++) {
    const outcome = await attempt(container, lookForImage(images, container, backoff, performance.now()), node, host);
    if (outcome.kind === "ready") return outcome;
    host.publish();
    await host.sleep(tried === 1 ? timings.firstRetry : timings.retry);
    host.publish(outcome.waiting);
  }
}

async function attempt(
  container: Container,
  look: Look,
  { store }: NodeContext,
  { pod, record, mounts }: PreparationHost,
) {
  for (const event of look.events) record(event);
  if (look.kind === "problem") return look;
  try {
    const variables = environmentOf({ store, pod, container });
    return { kind: "ready", image: look.image, variables, mounts: await mounts(variables) } as const;
  } catch (error) {
    if (!(error instanceof ContainerConfigError)) throw error;
    const problem = configProblem(error.message);
    for (const event of problem.events) record(event);
    return problem;
  }
}
