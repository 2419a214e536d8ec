/** Puts a container into every pod of a run, as an admission webhook of a service mesh does. */
import type { Container, Pod } from "kubernetes-types/core/v1";
import type { Devcluster } from "../../../devcluster/src/index.ts";
import { LABELS } from "../../../src/run/shared/names.ts";

export type Position = "before" | "after";

export interface Injection {
  readonly script: string;
  /** Of the agent's container. @default "after" */
  readonly position?: Position;
  /** An init container that ends. @default false */
  readonly init?: boolean;
  /** @default that of the agent's container */
  readonly image?: string;
}

/** Into the pods of the agent from now on. Returns the way to stop. */
export function inject(
  { store }: Devcluster,
  agentId: string,
  { script, position = "after", init = false, image: other }: Injection,
): () => void {
  return store.subscribe(({ type, resource, object }) => {
    if (type !== "ADDED" || resource !== "pods" || object.metadata.labels?.[LABELS.agentId] !== agentId) return;
    store.mutate("pods", object.metadata.namespace ?? "", object.metadata.name, (draft) => {
      const spec = draft.spec as NonNullable<Pod["spec"]>;
      const image = other ?? spec.containers[0]?.image ?? "";
      const container: Container = {
        name: init ? "setup" : "istio-proxy",
        image,
        command: ["sh", "-c", script],
        resources: {},
        terminationMessagePath: "/dev/termination-log",
        terminationMessagePolicy: "File",
        imagePullPolicy: "IfNotPresent",
      };
      if (init) spec.initContainers = [...(spec.initContainers ?? []), container];
      else spec.containers = position === "before" ? [container, ...spec.containers] : [...spec.containers, container];
    });
  });
}
