import { list, plain } from "../../store/plain.ts";
import type { KubeObject } from "../../types.ts";
import type { ResourceDefinition } from "../resources.ts";
import { generateSelector } from "./job.ts";
import { containersOf } from "./pod-spec.ts";

/** What a new object starts with, whatever the client sent: its status and generation are the server's. */
export function prepareNew(object: KubeObject, { name }: ResourceDefinition): void {
  switch (name) {
    case "pods":
      object.metadata.generation = 1;
      object.status = { phase: "Pending", qosClass: qosClass(object) };
      return;
    case "statefulsets":
    case "daemonsets":
      object.metadata.generation = 1;
      object.status = {};
      return;
    case "jobs":
      object.metadata.generation = 1;
      object.status = {};
      generateSelector(object);
      return;
    case "namespaces":
      object.status = { phase: "Active" };
      return;
    case "persistentvolumeclaims":
      object.status = { phase: "Pending" };
      return;
  }
}

/** Guaranteed: every container has equal requests and limits of both; BestEffort: none has any. */
function qosClass(pod: KubeObject): string {
  const resources = containersOf(plain(pod.spec)).map((container) => plain(container.resources));
  const counted = ["cpu", "memory"];
  const has = (kind: unknown): boolean => counted.some((name) => plain(kind)[name] !== undefined);
  if (resources.every(({ requests, limits }) => !has(requests) && !has(limits))) return "BestEffort";
  const fixed = resources.every(({ requests, limits }) =>
    counted.every((name) => plain(limits)[name] !== undefined && plain(limits)[name] === plain(requests)[name]),
  );
  return fixed && list(resources).length > 0 ? "Guaranteed" : "Burstable";
}
