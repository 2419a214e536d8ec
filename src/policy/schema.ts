/**
 * The operator's policy as its file has it: one schema for the parser, the JSON Schema of editors and docs/policy.md. What
 * stands in `.describe()` is shown there. A rule with rules of its own has a file in schema/.
 */
import { z } from "zod";
import { overlay } from "../config/pod-template/overlay.ts";
import { allow } from "./schema/allow.ts";
import { cluster } from "./schema/cluster.ts";
import { git } from "./schema/git.ts";
import { limits } from "./schema/limits.ts";
import { pod } from "./schema/pod.ts";
import { names, settings } from "./schema/values.ts";
import { workspaceClaims } from "./schema/workspace-claims.ts";

export const policySchema = z.strictObject(
  {
    trust: z
      .enum(["bounded", "full"], { error: "is neither bounded nor full" })
      .optional()
      .describe(
        "full: agents are trusted as those of claude_local are: every list and bound that does not stand in this file is open, any kubeconfig of any agent runs its programs on Paperclip's machine, and homes are shared. Default: bounded.",
      ),
    instance: z
      .string()
      .regex(/^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/, {
        error: "is not a name (lower-case letters, digits and `-`, at most 32)",
      })
      .optional()
      .describe(
        "Name of this Paperclip among those that share a namespace. Default: made from its instance and database.",
      ),
    clusters: z
      .record(
        z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, {
          error: "is not a name of lower-case letters, digits and `-`",
        }),
        cluster,
      )
      .optional()
      .describe(
        "Where Jobs may go, by the name that an agent gives in `cluster`; `default` is for agents that give none. Default: Paperclip's own cluster and namespace.",
      ),
    defaults: settings
      .optional()
      .describe(
        "Settings of all agents that do not set them themselves, with the keys of docs/configuration.md. A value that stands here needs no rule of `allow`. Of maps (`labels`, `annotations`, `nodeSelector`, `env`, `extendedResources`) each entry is such a default: an agent adds to them.",
      ),
    allow: allow
      .optional()
      .describe("What agents may set. Patterns: `*` is any text, {companyId} and {agentId} the run's own."),
    limits: limits.optional().describe("How much of it."),
    home: z
      .enum(["private", "shared", "none"], { error: "is not one of private, shared, none" })
      .optional()
      .describe(
        "private: of Paperclip's volume a pod sees only its agent's own part. shared: all of it, Paperclip's own files among them, to read and to change. none: nothing; sessions end with their run. Default: private.",
      ),
    workspaces: names(
      "Folders of Paperclip's home whose workspaces agents with private homes see, beside those that Paperclip keeps itself, such as `/paperclip/repos/{companyId}`. Each is mounted whole, to read and to change. Default: none.",
    ).optional(),
    workspaceClaims: workspaceClaims
      .optional()
      .describe(
        "PersistentVolumeClaims of agents with `workspace: claim`, which the adapter makes, grows and removes; it needs rights on claims (deploy/rbac.yaml). Default: none, and agents may not ask for one.",
      ),
    instructions: z
      .enum(["readOnly", "readWrite"])
      .optional()
      .describe("Whether an agent may change its own instructions in a private home. Default: readOnly."),
    recorder: z
      .enum(["same", "separate"], { error: "is neither same nor separate" })
      .optional()
      .describe(
        "separate: a container of its own records what the agent prints, out of the agent's reach. Default: same.",
      ),
    git: git
      .optional()
      .describe("How agents reach their repositories, beside the access that Paperclip manages itself."),
    environment: names(
      "Variables of Paperclip's process that pods get beside those of the model: NAME, PREFIX*, or -NAME to take one away. Added to PAPERCLIP_K8S_INHERIT_ENV.",
    ).optional(),
    pod: pod.optional().describe("How the pod is hardened beyond `restricted`."),
    podTemplate: overlay
      .optional()
      .describe(
        "On every pod: a strategic merge patch of its template, as `kubectl patch` takes it, applied after that of the agent. A default that agents may replace stands in `defaults.podTemplate`.",
      ),
    podSecurity: z
      .enum(["restricted", "baseline", "privileged"], { error: "is not one of restricted, baseline, privileged" })
      .optional()
      .describe(
        "The Pod Security level that every pod keeps, whatever its templates say. privileged: none; who then controls a template controls the node. Default: restricted.",
      ),
  },
  { error: "is not a policy (a map of rules)" },
);

export type PolicyFile = z.infer<typeof policySchema>;
