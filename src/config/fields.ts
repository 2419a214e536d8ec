/**
 * Every key that an agent of this adapter may set, in one table: the page's form, the documentation and the parser are
 * all made from it. Keys and their meaning are those of the adapter before this one, so that users can switch.
 */
import type { Toleration } from "kubernetes-types/core/v1";
import { z } from "zod";
import { labelMap, namespaceName, objectName, quantity, tolerations } from "./kubernetes-values.ts";

export interface Field<T = unknown> {
  readonly label: string;
  readonly control: "text" | "number" | "toggle" | "select" | "textarea";
  /** One sentence for the page: what it does, then default and unit. */
  readonly hint: string;
  readonly options?: readonly string[];
  /** Shown only when the other field has this value. */
  readonly visibleWhen?: { readonly key: string; readonly value: unknown };
  readonly value: z.ZodType<T>;
  /** Used when the key is absent, null or blank. */
  readonly default: T;
}

const field = <T>(spec: Field<T>): Field<T> => spec;
const text = z.string({ error: "is not text" }).min(1);
/** What Kubernetes takes where it wants a number of seconds (int32), and more than anybody wants for turns. */
const MOST = 2_147_483_647;
const wholeNumber = (from: number): z.ZodType<number> =>
  z
    .number({ error: "is not a number" })
    .int({ error: "is not a whole number" })
    .min(from, { error: `is below ${from}` })
    .max(MOST, { error: `is above ${MOST}` });
const toggle = z.boolean({ error: "is not true or false" });

export const fields = {
  image: field<string | null>({
    label: "Image",
    control: "text",
    hint: "Container image with Claude Code (`claude` in PATH) and a shell (`/bin/sh`); Node in it makes the transcript provable. Default: the image of Paperclip's own pod, when Paperclip runs in this cluster.",
    value: text,
    default: null,
  }),
  imagePullPolicy: field<string>({
    label: "Image pull policy",
    control: "select",
    options: ["IfNotPresent", "Always", "Never"],
    hint: "When the node pulls the image. Default: IfNotPresent.",
    value: z.enum(["IfNotPresent", "Always", "Never"], { error: "is not one of IfNotPresent, Always, Never" }),
    default: "IfNotPresent",
  }),
  namespace: field<string | null>({
    label: "Namespace",
    control: "text",
    hint: "Namespace of the Jobs. Default: Paperclip's own, or that of the kubeconfig's context.",
    value: namespaceName,
    default: null,
  }),
  kubeconfig: field<string | null>({
    label: "Kubeconfig",
    control: "text",
    hint: "Path of a kubeconfig file on Paperclip's host. Default: the pod's service account, else KUBECONFIG or ~/.kube/config.",
    value: text,
    default: null,
  }),
  kubeContext: field<string | null>({
    label: "Kubeconfig context",
    control: "text",
    hint: "Context of the kubeconfig. Default: its current context.",
    value: text,
    default: null,
  }),
  homeClaim: field<string | null>({
    label: "Home volume claim",
    control: "text",
    hint: "PersistentVolumeClaim mounted at /paperclip as the agent's home, where sessions live. Default: that of Paperclip's own pod; without any, each run starts with an empty home and no session is resumed.",
    value: objectName,
    default: null,
  }),
  serviceAccountName: field<string | null>({
    label: "Service account",
    control: "text",
    hint: "Service account of the agent's pod; its token is never mounted. Default: the namespace's default.",
    value: objectName,
    default: null,
  }),
  "resources.requests.cpu": field<string>({
    label: "CPU request (cores, such as 2 or 500m)",
    control: "text",
    hint: "CPU reserved for the agent, such as 500m or 2. Default: 1000m.",
    value: quantity,
    default: "1000m",
  }),
  "resources.requests.memory": field<string>({
    label: "Memory request (such as 2Gi)",
    control: "text",
    hint: "Memory reserved for the agent, such as 1Gi. Default: 2Gi.",
    value: quantity,
    default: "2Gi",
  }),
  "resources.limits.cpu": field<string>({
    label: "CPU limit (cores, such as 4)",
    control: "text",
    hint: "CPU the agent may use at most. Default: 4000m.",
    value: quantity,
    default: "4000m",
  }),
  "resources.limits.memory": field<string>({
    label: "Memory limit (such as 8Gi)",
    control: "text",
    hint: "Memory the agent may use before it is killed (OOMKilled). Default: 8Gi.",
    value: quantity,
    default: "8Gi",
  }),
  nodeSelector: field<Record<string, string>>({
    label: "Node selector (key=value, one a line)",
    control: "textarea",
    hint: "Labels a node must have: one key=value a line, or JSON or YAML. Default: those of Paperclip's own pod.",
    value: labelMap,
    default: {},
  }),
  tolerations: field<Toleration[]>({
    label: "Tolerations (a JSON or YAML list)",
    control: "textarea",
    hint: "Taints the pod tolerates, as a JSON or YAML list. Default: those of Paperclip's own pod.",
    value: tolerations,
    default: [],
  }),
  labels: field<Record<string, string>>({
    label: "Labels (key=value, one a line)",
    control: "textarea",
    hint: "Extra labels of Job and pod: one key=value a line, or JSON or YAML. Default: none.",
    value: labelMap,
    default: {},
  }),
  maxTurnsPerRun: field<number>({
    label: "Turns per run (0 = no limit)",
    control: "number",
    hint: "Agent turns after which Claude Code stops (--max-turns). Default: 0 = no limit.",
    value: wholeNumber(0),
    default: 0,
  }),
  silenceLimitSec: field<number>({
    label: "Silence limit (seconds, 0 = only told)",
    control: "number",
    hint: "Seconds without a line of output, and without a tool call in flight, after which the agent is ended; its session is kept. Default: 0 = the silence is only told.",
    value: wholeNumber(0),
    default: 0,
  }),
  toolSilenceLimitSec: field<number>({
    label: "Silence limit of a tool call (seconds, 0 = none)",
    control: "number",
    hint: "The same while a tool call is in flight. Above 600, Claude Code ends a shell command in the foreground first; set it above the longest call of an MCP server. Default: 0 = no limit.",
    value: wholeNumber(0),
    default: 0,
  }),
  podStartTimeoutSec: field<number>({
    label: "Pod start timeout (seconds)",
    control: "number",
    hint: "Seconds a pod may wait for a node, a volume or a slow image pull before the run is given up. Default: 900 (autoscalers need minutes).",
    value: wholeNumber(1),
    default: 900,
  }),
  ttlSecondsAfterFinished: field<number>({
    label: "Keep a finished Job (seconds)",
    control: "number",
    hint: "Seconds the cluster keeps a finished Job that nobody collected; a collected one goes at once. Default: 86400 (one day).",
    value: wholeNumber(0),
    default: 86_400,
  }),
  retainJobs: field<boolean>({
    label: "Retain Jobs",
    control: "toggle",
    hint: "Keep Job, pod and Secret after a run, for a look with kubectl, until the cluster's own clean-up. Default: off.",
    value: toggle,
    default: false,
  }),
  reattachOrphanedJobs: field<boolean>({
    label: "Reattach orphaned Jobs",
    control: "toggle",
    hint: "Take over the Job of a run that lost its Paperclip process; off: such a Job blocks the agent until you delete it. Default: on.",
    value: toggle,
    default: true,
  }),
} as const;

/** Keys the adapter before this one had and this one does without; accepted, and named in the run's notes. */
export const retiredKeys: Readonly<Record<string, string>> = {
  enableRtk: "tool output is not filtered",
  rtkMaxOutputBytes: "tool output is not filtered",
  secretRef: "no such Secret is needed",
};
