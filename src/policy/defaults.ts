/** What holds where the operator's file says nothing: safe for agents that nobody has looked at, or open for trusted ones. */
import { amountOf } from "../config/kubernetes-values.ts";
import type { AllowRule, Policy, WorkspaceClaimRule } from "./rules.ts";
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
  git: { credentials: {} },
  environment: [],
  pod: {},
  podTemplate: null,
  podSecurity: "restricted",
} as const;

const claims: WorkspaceClaimRule = {
  per: "agent",
  storageClassName: null,
  size: "10Gi",
  maxSize: "100Gi",
  accessMode: "ReadWriteOnce",
  idleDays: 30,
};

const bounded: Rules = {
  ...common,
  workspaceClaims: null,
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
  workspaceClaims: { ...claims, maxSize: null },
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
  const { trust: _, clusters, allow, limits: __, workspaceClaims, git, ...scalars } = withoutAbsent(file);
  return {
    ...base,
    ...scalars,
    path,
    trust,
    ownKubeconfigs,
    git: { credentials: byOrigin(git?.credentials ?? {}) },
    workspaceClaims: claimRule(file, workspaceClaims, base.workspaceClaims),
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

/** Where claims are the operator's own default, agents have them, whether or not the file has a rule for how they are made. */
function claimRule(
  { defaults, clusters }: PolicyFile,
  given: PolicyFile["workspaceClaims"],
  base: Policy["workspaceClaims"],
): Policy["workspaceClaims"] {
  const all = [defaults, ...Object.values(clusters ?? {}).map((rule) => rule.defaults)];
  if (given === undefined && !all.some((one) => one?.workspace === "claim")) return base;
  const rule = { ...(base ?? claims), ...withoutAbsent(given ?? {}) };
  // One that is larger than the bound nobody named is its own bound.
  const isOver = given?.maxSize === undefined && rule.maxSize !== null && amountOf(rule.size) > amountOf(rule.maxSize);
  return isOver ? { ...rule, maxSize: rule.size } : rule;
}

function clustersOf(given: NonNullable<PolicyFile["clusters"]>, namespaces: readonly string[]): Policy["clusters"] {
  const entries = Object.entries(given).map(
    ([name, rule]) =>
      [name, { ...rule, namespaces: rule.namespaces ?? namespaces, defaults: rule.defaults ?? {} }] as const,
  );
  return Object.fromEntries(entries);
}

const byOrigin = (hosts: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(hosts).map(([host, secret]) => [originOf(host), secret]));

/** As an address has it: without the port that is understood. */
const originOf = (host: string): string =>
  URL.parse(host.includes("://") ? host : `https://${host}`)?.origin ?? `https://${host}`;

/** `undefined` says nothing. */
function withoutAbsent<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const present = Object.entries(value).filter(([, rule]) => rule !== undefined);
  return Object.fromEntries(present) as { [K in keyof T]: Exclude<T[K], undefined> };
}
