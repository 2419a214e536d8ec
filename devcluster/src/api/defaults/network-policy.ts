import { child, list, plain } from "../../store/plain.ts";
import type { KubeObject } from "../../types.ts";

/** A policy that names no direction limits what comes in; what goes out only where it has a rule for that. As recorded on 1.36. */
export function defaultNetworkPolicy(policy: KubeObject): void {
  const spec = child(policy, "spec");
  for (const rule of [...list(spec.ingress), ...list(spec.egress)])
    for (const port of list(plain(rule).ports)) plain(port).protocol ??= "TCP";
  if (list(spec.policyTypes).length === 0)
    spec.policyTypes = list(spec.egress).length > 0 ? ["Ingress", "Egress"] : ["Ingress"];
}
