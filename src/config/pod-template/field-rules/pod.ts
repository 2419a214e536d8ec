/** The pod as a whole. */
import { both, each, type FieldRules, never, oneOf } from "./field-rule.ts";
import { ip, label, labels, notEmpty, qualified, subdomain } from "./values.ts";

export const POD_RULES: FieldRules = {
  PodSpec: {
    dnsPolicy: oneOf("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    ephemeralContainers: never("they are added to a pod that runs"),
    hostname: label,
    hostnameOverride: never("use hostname"),
    nodeName: subdomain,
    nodeSelector: labels,
    overhead: never("it comes with the RuntimeClass (`runtimeClassName`)"),
    preemptionPolicy: never("it comes with the PriorityClass (`priorityClassName`)"),
    priority: never("it comes with the PriorityClass (`priorityClassName`)"),
    priorityClassName: subdomain,
    resources: never("use `resources.requests` and `resources.limits` of the containers"),
    runtimeClassName: subdomain,
    schedulerName: subdomain,
    schedulingGroup: never("it is the scheduler's"),
    serviceAccount: never("use serviceAccountName"),
    serviceAccountName: subdomain,
    subdomain: label,
  },
  PodOS: { name: oneOf("linux") },
  HostAlias: { ip, hostnames: each(subdomain) },
  PodDNSConfig: {
    nameservers: both(each(ip), (value) => ((value as unknown[]).length <= 3 ? null : "has more than 3 addresses")),
    searches: both(each(subdomain), (value) => ((value as unknown[]).length <= 32 ? null : "has more than 32 domains")),
  },
  PodDNSConfigOption: { name: notEmpty },
  PodReadinessGate: { conditionType: qualified },
  PodSchedulingGate: { name: qualified },
  PodResourceClaim: { name: label, resourceClaimName: subdomain, resourceClaimTemplateName: subdomain },
  LocalObjectReference: { name: subdomain },
};
