import type { Container } from "kubernetes-types/core/v1";
import type { Pod } from "../objects.ts";
import { quantity } from "./quantity.ts";

export interface Requests {
  readonly cpu: number;
  readonly memory: number;
}

/** What a pod asks of a node: its containers together, or its greediest init container. */
export function requestsOf({ spec }: Pod): Requests {
  const one = (resource: "cpu" | "memory"): number => {
    const main = spec.containers.reduce((sum, container) => sum + asked(container, resource), 0);
    const init = (spec.initContainers ?? []).map((container) => asked(container, resource));
    return Math.max(main, ...init);
  };
  return { cpu: one("cpu"), memory: one("memory") };
}

function asked({ resources }: Container, resource: "cpu" | "memory"): number {
  return quantity(resources?.requests?.[resource] ?? resources?.limits?.[resource] ?? 0);
}
