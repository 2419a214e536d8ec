/** Names and labels of a run's objects: part of the contract with users, their dashboards and their scripts. */
import { createHash } from "node:crypto";
import { ConfigError } from "../../config/config-error.ts";

export const LABELS = {
  managedBy: "app.kubernetes.io/managed-by",
  component: "app.kubernetes.io/component",
  adapterType: "paperclip.io/adapter-type",
  agentId: "paperclip.io/agent-id",
  runId: "paperclip.io/run-id",
  companyId: "paperclip.io/company-id",
  taskId: "paperclip.io/task-id",
  sessionId: "paperclip.io/session-id",
  /** Which Paperclip made it: several may share a namespace. Versions before 1.1 have none. */
  instance: "paperclip.io/instance",
  /** The agent's egress profile, by which NetworkPolicies select its pods. */
  egress: "paperclip.io/egress",
  /** The claim of the workspace: on its pods, which run on one node. */
  workspaceClaim: "paperclip.io/workspace-claim",
  /** On the objects of the environment test, which are no run's: no run waits for them, adopts or removes them. */
  probe: "paperclip.io/probe",
} as const;

export const ANNOTATIONS = {
  adapterType: "paperclip.io/adapter-type",
  agentName: "paperclip.io/agent-name",
  /** The ids whole and unchanged: a label holds at most 63 characters of a few kinds. */
  runId: "paperclip.io/run-id",
  taskId: "paperclip.io/task-id",
  /** What the run that adopts the Job must know: see run-terms.ts. */
  terms: "paperclip.io/terms",
  /** SHA-256 of the token in the Job's Secret, and the signature of the Paperclip that made the Job: see job-signature.ts. */
  tokenHash: "paperclip.io/token-hash",
  signature: "paperclip.io/signature",
  /** When the Job was let go (unsuspended, or handed to a queue); without it and suspended, nothing of it ever ran. */
  started: "paperclip.io/started",
  /** Since when the run waits for its turn under `limits.jobs`, by the cluster's clock. */
  queued: "paperclip.io/queued",
  /** When the candidate took its turn: see claim/turn-order.ts. */
  reserved: "paperclip.io/reserved",
  /** The run that the Job belonged to before it was adopted. */
  adoptedFrom: "paperclip.io/adopted-from",
  /** W3C trace context of the run that started the Job, where that was traced. */
  traceparent: "paperclip.io/traceparent",
  /** Why the adapter stopped the run before its end. */
  stopped: "paperclip.io/stopped",
  /** The run that reported the Job's outcome, so that no later run reports it again. */
  collected: "paperclip.io/collected",
  /** Whose workspace a claim has: see workspace-claim.ts. */
  owner: "paperclip.io/owner",
  /** When a run last began with the claim, and which one. */
  used: "paperclip.io/used",
  /** What its run used is on Paperclip's ledger, or is about to be, without a run that reports it. */
  billed: "paperclip.io/billed",
  /** An operator's word, "true": the agent does not run, though its node does not say so. */
  abandoned: "paperclip.io/abandoned",
} as const;

/** Kueue's: the LocalQueue that has the Job. */
export const QUEUE_LABEL = "kueue.x-k8s.io/queue-name";

export const ADAPTER_TYPE = "claude_k8s";
/** The container that runs Claude Code. */
export const CONTAINER = "claude";
/** The container that keeps the record, where it is not that one. */
export const RECORDER = "recorder";
/** The volume with Claude Code from a second image, and the init container that fills it. */
export const CLI = "cli";

/** The selector of every Job and pod of this adapter, those of probes too, and those of other Paperclips. */
export const RUNS_AND_PROBES = `${LABELS.managedBy}=paperclip,${LABELS.adapterType}=${ADAPTER_TYPE}`;

/** The selector of every Job and pod of a run. */
export const RUNS = `${RUNS_AND_PROBES},!${LABELS.probe}`;

/** The selector of every Job and pod of the environment test. */
export const PROBES = `${RUNS_AND_PROBES},${LABELS.probe}`;

/** Of those, the ones that this Paperclip made. */
export const madeBy = (selector: string, instance: string): string => `${selector},${LABELS.instance}=${instance}`;

/** Of those, the ones that do not say which Paperclip made them: versions before 1.1 did. */
export const ofNoInstance = (selector: string): string => `${selector},!${LABELS.instance}`;

/** What a label value may hold of `value`; null when nothing is left. */
export function labelValue(value: string | null | undefined): string | null {
  const kept = (value ?? "").replace(/[^A-Za-z0-9._-]/g, "").slice(0, 63);
  return kept.replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "") || null;
}

/** The agent's id as a label value. Throws ConfigError `k8s_agent_id_invalid` when no character of it is usable. */
export function agentLabel(agentId: string): string {
  const label = labelValue(agentId);
  if (label) return label;
  throw new ConfigError(
    [
      {
        field: "agent.id",
        problem: "has no character that a Kubernetes label can hold",
        fix: "Use an id with letters or digits.",
      },
    ],
    "k8s_agent_id_invalid",
  );
}

/**
 * `ac-AGENT-RUN-HASH`: the same for the same agent and run, so that a repeated create meets its own Job; different for
 * others even where the readable parts coincide. At most 43 characters, so that pod names are not cut.
 */
export function jobName(agentId: string, runId: string): string {
  const hash = createHash("sha256").update(`${agentId}:${runId}`).digest("hex").slice(0, 6);
  return ["ac", slug(agentId), slug(runId), hash].filter(Boolean).join("-");
}

/** Whether a Secret is one that runs have: their own, and those of the tokens that their agents get later. */
export const isRunsSecret = (name: string): boolean => /^ac-[a-z0-9-]+-[0-9a-f]{6}(-token-\d+)?$/.test(name);

/** Whether a Secret is one of files that runs share: see plan/bundles/bundle.ts. */
export const isBundle = (name: string): boolean => /^ac-bundle-[0-9a-f]{40}$/.test(name);

/** The name of such a Secret, and of the Job that holds it. `digits`: at least 40, hexadecimal. */
export const bundleName = (digits: string): string => `ac-bundle-${digits.slice(0, 40)}`;

/** The selector of every Job that holds such a Secret: none of them is a run's, nor ever has a pod. */
export const BUNDLES = `${LABELS.managedBy}=paperclip,${LABELS.component}=bundle`;

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, "")
    .slice(0, 16)
    .replace(/^-+|-+$/g, "");

export interface RunLabels {
  readonly labels: Readonly<Record<string, string>>;
  /** Labels of the agent's configuration that were not taken, each with the reason. */
  readonly notes: readonly string[];
}

export interface RunIdentity {
  readonly agentId: string;
  readonly agentName: string;
  readonly companyId: string;
  readonly runId: string;
  readonly taskId: string | null;
  /** Set only when a session is resumed. */
  readonly sessionId: string | null;
}

/** Prefixes that belong to Paperclip, and to Kubernetes' own controllers (`job-name`, `controller-uid`). */
const RESERVED =
  /^(paperclip\.io|app\.kubernetes\.io|([a-z0-9.-]+\.)?(kubernetes|k8s)\.io)\/|^(job-name|controller-uid)$/;

/** Whether a label's key is not the agent's or the operator's to set. */
export const isReserved = (key: string): boolean => RESERVED.test(key);

/** `instance`: the label of the Paperclip that makes them. */
export function runLabels(
  identity: RunIdentity,
  configured: Readonly<Record<string, string>>,
  instance: string,
): RunLabels {
  const notes: string[] = [];
  const labels: Record<string, string> = {};
  for (const [key, value] of Object.entries(configured)) {
    if (key === QUEUE_LABEL) notes.push(`Label ${key} is not set: queue names the queue`);
    else if (isReserved(key)) notes.push(`Label ${key} is not set: the prefix is reserved`);
    else labels[key] = value;
  }
  const ours: Record<string, string | null> = {
    [LABELS.managedBy]: "paperclip",
    [LABELS.component]: "agent-job",
    [LABELS.adapterType]: ADAPTER_TYPE,
    [LABELS.agentId]: agentLabel(identity.agentId),
    [LABELS.runId]: labelValue(identity.runId),
    [LABELS.companyId]: labelValue(identity.companyId),
    [LABELS.taskId]: labelValue(identity.taskId),
    [LABELS.sessionId]: labelValue(identity.sessionId),
    [LABELS.instance]: labelValue(instance),
  };
  for (const [key, value] of Object.entries(ours)) if (value) labels[key] = value;
  return { labels, notes };
}
