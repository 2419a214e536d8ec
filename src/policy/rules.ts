/** The operator's rules, every one with its default filled in. */
import type { Overlay } from "../config/pod-template/overlay.ts";
import type { PolicyFile } from "./schema.ts";

export interface Bounds {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

export interface ResourceBounds {
  /** Kubernetes quantities. */
  readonly min?: string | undefined;
  readonly max?: string | undefined;
}

export interface ClusterRule {
  /** Absent: Paperclip's own way to a cluster. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  /** May hold {companyId} and {agentId}. */
  readonly namespace?: string | undefined;
  /** Patterns. */
  readonly namespaces: readonly string[];
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly podTemplate?: Overlay | undefined;
}

type Allowed = "images" | "pullPolicies" | "claims" | "serviceAccounts" | "labels" | "annotations";
type AlsoAllowed = "nodeLabels" | "tolerations" | "priorityClasses" | "runtimeClasses" | "queues" | "egress";
type OfThePod = "pullSecrets" | "users" | "configMaps" | "podTemplate";
export type AllowRule = Allowed | AlsoAllowed | OfThePod;

export type TimeRule =
  | "timeoutSec"
  | "graceSec"
  | "silenceLimitSec"
  | "toolSilenceLimitSec"
  | "podStartTimeoutSec"
  | "queueTimeoutSec"
  | "ttlSecondsAfterFinished";

/** How the claims of workspaces are made. */
export interface WorkspaceClaimRule {
  readonly per: "agent" | "task";
  /** Null: the cluster's default class. */
  readonly storageClassName: string | null;
  /** Kubernetes quantities. */
  readonly size: string;
  /** Null: without a bound. */
  readonly maxSize: string | null;
  readonly accessMode: "ReadWriteOnce" | "ReadWriteMany" | "ReadWriteOncePod";
  /** 0 = a claim is never removed. */
  readonly idleDays: number;
}

/** Every rule, defaults filled in. */
export interface Policy {
  /** The file; null: there is none, and the defaults hold. */
  readonly path: string | null;
  readonly trust: "bounded" | "full";
  readonly instance: string | null;
  /** `default` is always among them. */
  readonly clusters: Readonly<Record<string, ClusterRule>>;
  /** Kubeconfigs that Paperclip's own environment names: an agent may name them too, for it gets nothing else. */
  readonly ownKubeconfigs: readonly string[];
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly allow: Readonly<Record<AllowRule, readonly string[]>>;
  readonly limits: Readonly<Record<TimeRule, Bounds>> & {
    readonly resources: Readonly<Record<string, ResourceBounds>>;
    /** Whether a resource that has no bounds may be asked for. */
    readonly otherResources: boolean;
    readonly retainJobs: boolean;
    readonly jobs: NonNullable<NonNullable<PolicyFile["limits"]>["jobs"]>;
    readonly transcriptBytes: number;
  };
  readonly home: "private" | "shared" | "none";
  /** Folders of Paperclip's home. May hold {companyId} and {agentId}. */
  readonly workspaces: readonly string[];
  /** Null: no agent may have one. */
  readonly workspaceClaims: WorkspaceClaimRule | null;
  readonly instructions: "readOnly" | "readWrite";
  readonly recorder: "same" | "separate";
  readonly git: {
    /** Origin, such as `https://git.example.com` → Secret. Its name may hold {companyId} and {agentId}. */
    readonly credentials: Readonly<Record<string, string>>;
  };
  readonly environment: readonly string[];
  readonly pod: NonNullable<PolicyFile["pod"]>;
  /** On every pod, after the agent's. */
  readonly podTemplate: Overlay | null;
  /** The Pod Security level that a pod has, whatever the templates say. */
  readonly podSecurity: "restricted" | "baseline" | "privileged";
}
