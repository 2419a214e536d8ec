import { plain } from "../../store/plain.ts";
import type { RuleContext } from "../../store/rules.ts";
import type { KubeObject } from "../../types.ts";
import { forbidden } from "../api-error.ts";
import { type Level, violations } from "./pod-security-checks.ts";

const PREFIX = "pod-security.kubernetes.io/";

interface Policy {
  readonly level: Level;
  readonly version: string;
}

function policy(namespace: KubeObject | undefined, mode: "enforce" | "warn"): Policy {
  const labels = namespace?.metadata.labels ?? {};
  const level = labels[`${PREFIX}${mode}`];
  const version = labels[`${PREFIX}${mode}-version`] ?? "latest";
  if (level === "restricted" || level === "baseline") return { level, version };
  // Without a level of its own, warning follows what is enforced.
  if (mode === "warn" && level === undefined) return policy(namespace, "enforce");
  return { level: "privileged", version };
}

/** Refuses a pod below the namespace's level; of a Job it only warns, because its pods come later. */
export function admitPodSecurity(object: KubeObject, { resource, store, warn }: RuleContext): void {
  const namespace = store.get("namespaces", "", object.metadata.namespace ?? "");
  const isPod = resource.name === "pods";
  const spec = isPod ? plain(object.spec) : plain(plain(plain(object.spec).template).spec);
  if (isPod) {
    const enforced = policy(namespace, "enforce");
    const found = violations(spec, enforced.level);
    if (found.length > 0) throw forbidden(resource, object.metadata.name, violates(enforced, found));
  }
  const warned = policy(namespace, "warn");
  const found = violations(spec, warned.level);
  if (found.length > 0) warn(`would ${violates(warned, found).replace("violates", "violate")}`);
}

function violates({ level, version }: Policy, found: readonly string[]): string {
  return `violates PodSecurity "${level}:${version}": ${found.join(", ")}`;
}
