import { child } from "../../store/plain.ts";
import type { KubeObject } from "../../types.ts";
import { defaultPodSpec } from "./pod-spec.ts";

/** Only fills holes, for it runs again on each update. */
export function defaultStatefulSet(set: KubeObject): void {
  const spec = child(set, "spec");
  spec.replicas ??= 1;
  spec.podManagementPolicy ??= "OrderedReady";
  spec.revisionHistoryLimit ??= 10;
  spec.updateStrategy ??= { type: "RollingUpdate", rollingUpdate: { partition: 0 } };
  spec.persistentVolumeClaimRetentionPolicy ??= { whenDeleted: "Retain", whenScaled: "Retain" };
  defaultPodSpec(child(child(spec, "template"), "spec"));
}

export function defaultDaemonSet(set: KubeObject): void {
  const spec = child(set, "spec");
  spec.revisionHistoryLimit ??= 10;
  const strategy = child(spec, "updateStrategy");
  strategy.type ??= "RollingUpdate";
  if (strategy.type === "RollingUpdate") {
    const rolling = child(strategy, "rollingUpdate");
    rolling.maxUnavailable ??= 1;
    rolling.maxSurge ??= 0;
  }
  defaultPodSpec(child(child(spec, "template"), "spec"));
}

/** It has no address: nothing routes to it. */
export function defaultService(service: KubeObject): void {
  const spec = child(service, "spec");
  spec.type ??= "ClusterIP";
  spec.sessionAffinity ??= "None";
  spec.internalTrafficPolicy ??= "Cluster";
  for (const port of (spec.ports as Record<string, unknown>[] | undefined) ?? []) {
    port.protocol ??= "TCP";
    port.targetPort ??= port.port;
  }
}
