/**
 * The settings in this adapter's form. Keys and their meaning are those of the adapter before this one and of
 * `claude_local`, so that users can switch.
 */
import { z } from "zod";
import { absolutePath, field, seconds, toggle, wholeNumber } from "./field.ts";
import { amountOf, quantity } from "./kubernetes-values.ts";
import { podFields } from "./pod-fields.ts";
import { workspaceFields } from "./workspace-fields.ts";

export const fields = {
  ...podFields,
  maxTurnsPerRun: field<number>({
    label: "Turns per run (0 = no limit)",
    control: "number",
    hint: "Agent turns after which Claude Code stops (--max-turns). Default: 0 = no limit.",
    value: wholeNumber(0),
    default: 0,
  }),
  silenceLimitSec: field<number>({
    label: "Silence limit (seconds, 0 = only reported)",
    control: "number",
    hint: "Seconds without a line of output, and without a tool call in flight, after which the agent is ended; its session is kept. Default: 0 = a silence is only reported.",
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
  dangerouslySkipPermissions: field<boolean>({
    label: "Permission prompts",
    control: "select",
    options: [
      { value: "true", label: "Skipped: tools run without asking" },
      { value: "false", label: "Refused: only tools that Claude Code's settings allow" },
    ],
    hint: "In a Job nobody can answer a prompt: tools run without asking (--dangerously-skip-permissions), or what the agent's Claude Code settings do not allow is refused. Default: true (skipped).",
    value: toggle,
    default: true,
  }),
  chrome: field<boolean>({
    label: "Enable Chrome",
    control: "toggle",
    hint: "Claude Code's Chrome integration (--chrome); the image must have the browser. Default: off.",
    value: toggle,
    default: false,
  }),
  workspace: field<"auto" | "mounted" | "claim" | "clone" | "empty">({
    label: "Workspace",
    control: "select",
    options: [
      { value: "auto", label: "Paperclip's folder where the pod sees it, else a clone" },
      { value: "mounted", label: "Paperclip's folder" },
      { value: "clone", label: "A clone of the repository, gone with the pod" },
      { value: "claim", label: "A clone on a volume that stays" },
      { value: "empty", label: "An empty folder" },
    ],
    hint: "How the project comes into the pod. auto: mounted, else clone where the project names a repository, else empty with a warning. mounted: Paperclip's own folder, worktrees included. clone: an empty directory into which the repository is cloned. claim: the same on a PersistentVolumeClaim of the agent's, which the adapter makes and removes. empty: a folder of the agent's own. Default: auto.",
    value: z.enum(["auto", "mounted", "claim", "clone", "empty"], {
      error: "is not one of auto, mounted, claim, clone, empty",
    }),
    default: "auto",
  }),
  workspaceSize: field<string | null>({
    label: "Workspace size (such as 20Gi)",
    control: "text",
    visibleWhen: { key: "workspace", notValues: ["", "auto", "mounted", "clone", "empty"] },
    hint: "Size of the claim with `workspace: claim`, such as 20Gi. A larger one lets the claim grow, where its StorageClass can; it never shrinks. Default: `workspaceClaims.size` of the policy.",
    value: quantity.refine((text) => amountOf(text) > 0, { error: "is not above 0" }),
    default: null,
  }),
  workingDirectory: field<string | null>({
    label: "Working directory",
    control: "text",
    hint: "Absolute path in the pod where the agent works when its task has no project workspace that the pod sees, and none is to be cloned; it is made when missing. Default: `cwd`, else a folder of the agent's own in its home.",
    value: absolutePath,
    default: null,
  }),
  ...workspaceFields,
  graceSec: field<number>({
    label: "Interrupt grace period (seconds)",
    control: "number",
    hint: "Seconds Claude Code has to save its session after Stop or the timeout, before it is killed. Paperclip waits 60 for a Stop, in which the rest of the pod ends too. Default: 30, as Kubernetes has it.",
    value: seconds,
    default: 30,
  }),
  podStartTimeoutSec: field<number>({
    label: "Pod start timeout (seconds)",
    control: "number",
    hint: "Seconds a pod may wait for a node, a volume, the network or an image before the run is given up; 120 at most for a Secret, ConfigMap, claim or image that does not exist. Default: 900 (autoscalers need minutes).",
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
    hint: "Take over the Job of a run that lost its Paperclip process; off: such a Job blocks its task until you delete it. Default: on.",
    value: toggle,
    default: true,
  }),
} as const;
