/** What holds where the operator's file says nothing: safe for agents that nobody has looked at, or open for trusted ones. */
import { amountOf } from "../config/kubernetes-values.ts";
import type { AllowRule, Policy } from "./rules.ts";
import type { PolicyFile } from "./schema.ts";

const DAY_SEC = 86_400;
const ANY = ["*"] as const;

type Rules = Omit<Policy, "path" | "trust" | "ownKubeconfigs">;

const none: Record<AllowRule, readonly string[]> = {
  images: ANY,
  pullPolicies: ANY,
  claims: [],
  serviceAccounts: [],
  labels: [],
  annotations: [],
  nodeLabels: [],
  tolerations: [],
  priorityClasses: [],
  runtimeClasses: [],
  queues: [],
  egress: [],
  pullSecrets: [],
  users: [],
  configMaps: [],
  podTemplate: [],
};

const common = {
  instance: null,
  defaults: {},
  recorder: "same",
  workspaces: [],
  instructions: "readOnly",
  environment: [],
  pod: {},
  podTemplate: null,
  podSecurity: "restricted",
} as const;

const bounded: Rules = {
  ...common,
  clusters: { default: { namespaces: [], defaults: {} } },
  allow: none,
  limits: {
    resources: { cpu: { max: "32" }, memory: { max: "128Gi" }, "ephemeral-storage": { max: "100Gi" } },
    otherResources: false,
    timeoutSec: {},
    graceSec: { max: 300 },
    silenceLimitSec: {},
    toolSilenceLimitSec: {},
    podStartTimeoutSec: { max: DAY_SEC },
    queueTimeoutSec: {},
    ttlSecondsAfterFinished: { max: 30 * DAY_SEC },
    retainJobs: true,
    jobs: {},
    transcriptBytes: 2 ** 30,
  },
  home: "private",
};

const allOpen = (rules: Policy["allow"]): Policy["allow"] => {
  const open: Record<AllowRule, readonly string[]> = { ...rules };
  for (const rule of Object.keys(open)) open[rule as AllowRule] = ANY;
  return open;
};

const full: Rules = {
  ...common,
  clusters: { default: { namespaces: ANY, defaults: {} } },
  allow: allOpen(none),
  limits: {
    ...bounded.limits,
    resources: {},
    otherResources: true,
    graceSec: {},
    podStartTimeoutSec: {},
    ttlSecondsAfterFinished: {},
  },
  home: "shared",
};

/** @param ownKubeconfigs see Policy */
export function withDefaults(file: PolicyFile, path: string | null, ownKubeconfigs: readonly string[]): Policy {
  const trust = file.trust ?? "bounded";
  const base = trust === "full" ? full : bounded;
  const { resources, transcriptBytes, ...limits } = withoutAbsent(file.limits ?? {});
  const { trust: _, clusters, allow, limits: __, ...scalars } = withoutAbsent(file);
  return {
    ...base,
    ...scalars,
    path,
    trust,
    ownKubeconfigs,
    clusters: { ...base.clusters, ...clustersOf(clusters ?? {}, base.clusters.default?.namespaces ?? []) },
    allow: { ...base.allow, ...withoutAbsent(allow ?? {}) },
    limits: {
      ...base.limits,
      ...limits,
      resources: { ...base.limits.resources, ...resources },
      transcriptBytes: transcriptBytes === undefined ? base.limits.transcriptBytes : amountOf(transcriptBytes),
    },
  };
}

function clustersOf(given: NonNullable<PolicyFile["clusters"]>, namespaces: readonly string[]): Policy["clusters"] {
  const entries = Object.entries(given).map(
    ([name, rule]) =>
      [name, { ...rule, namespaces: rule.namespaces ?? namespaces, defaults: rule.defaults ?? {} }] as const,
  );
  return Object.fromEntries(entries);
}

/** `undefined` says nothing. */
function withoutAbsent<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const present = Object.entries(value).filter(([, rule]) => rule !== undefined);
  return Object.fromEntries(present) as { [K in keyof T]: Exclude<T[K], undefined> };
}
