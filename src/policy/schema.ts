/**
 * The operator's policy as its file has it: one schema for the parser, the JSON Schema of editors and docs/policy.md. What
 * stands in `.describe()` is shown there.
 */
import { z } from "zod";
import { toggle } from "../config/field.ts";
import { amountOf, quantity } from "../config/kubernetes-values.ts";
import { overlay } from "../config/pod-template/overlay.ts";
import { isTemplateRule } from "./template-rule.ts";

const names = (what: string) => z.array(z.string().min(1).max(512), { error: "is not a list" }).max(500).describe(what);

const SECONDS = "is not a number of seconds from 0 to 31536000";
const wholeSeconds = z.number({ error: SECONDS }).min(0, { error: SECONDS }).max(31_536_000, { error: SECONDS });
const DAYS = "is not a whole number of days from 0 to 3650";
const COUNT = "is not a whole number from 1 to 1000000";
const count = z
  .number({ error: COUNT })
  .int({ error: COUNT })
  .min(1, { error: COUNT })
  .max(1_000_000, { error: COUNT });

const bounds = (what: string) =>
  z
    .strictObject({ min: wholeSeconds.optional(), max: wholeSeconds.optional() }, { error: "is not {min, max}" })
    .refine(({ min = 0, max = Number.POSITIVE_INFINITY }) => min <= max, { error: "has a min above its max" })
    .describe(what);

const resource = z
  .strictObject({ min: quantity.optional(), max: quantity.optional() }, { error: "is not {min, max}" })
  .refine(({ min, max }) => min === undefined || max === undefined || amountOf(min) <= amountOf(max), {
    error: "has a min above its max",
  });

/** Settings of an agent, as its configuration has them; checked by the parser of those. */
const settings = z.record(z.string(), z.unknown(), { error: "is not a map of settings" });

const cluster = z.strictObject(
  {
    kubeconfig: z
      .string()
      .startsWith("/", { error: "is not an absolute path" })
      .optional()
      .describe(
        "Its kubeconfig on Paperclip's machine, outside of Paperclip's home. Default: Paperclip's own way to a cluster: its service account, else KUBECONFIG, else ~/.kube/config.",
      ),
    context: z.string().min(1).optional().describe("The context of the kubeconfig. Default: its current one."),
    namespace: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Where Jobs go whose agent names no namespace, such as `agents-{companyId}`. Default: that of the context or of Paperclip's pod.",
      ),
    namespaces: names("Namespaces that an agent may name, beside the default one.").optional(),
    defaults: settings.optional().describe("As `defaults` below, for this cluster; they go before those."),
    podTemplate: overlay.optional().describe("As `podTemplate` below, for this cluster, applied after it."),
  },
  { error: "is not {kubeconfig, context, namespace, namespaces, defaults, podTemplate}" },
);

const allow = z.strictObject({
  images: names(
    "Images that an agent may name, in `image` and in `cliImage`. That of Paperclip's own pod, and one from `defaults`, need no rule.",
  ).optional(),
  pullPolicies: z
    .array(z.enum(["IfNotPresent", "Always", "Never"], { error: "is not one of IfNotPresent, Always, Never" }))
    .optional()
    .describe("Values of `imagePullPolicy`."),
  claims: names(
    "Claims for `homeClaim`. The pod may write to all of it, and the kubelet gives its files to the agent's group.",
  ).optional(),
  serviceAccounts: names(
    "Service accounts. A cloud may give its identity to whoever runs as one, also without a token.",
  ).optional(),
  labels: names(
    "Keys of `labels`. A label can make a pod the endpoint of a Service, or lift a NetworkPolicy.",
  ).optional(),
  annotations: names("Keys of `annotations`.").optional(),
  nodeLabels: names(
    "`nodeSelector`, as KEY or KEY=VALUE. Without any, an agent cannot free itself of Paperclip's own node labels either.",
  ).optional(),
  tolerations: names(
    "`tolerations`, as KEY, KEY=VALUE or KEY=VALUE:EFFECT. One without a key tolerates every taint, and needs `*`.",
  ).optional(),
  priorityClasses: names("Values of `priorityClassName`.").optional(),
  runtimeClasses: names("Values of `runtimeClassName`.").optional(),
  pullSecrets: names("Names in `imagePullSecrets`. Who may name another team's gets that team's images.").optional(),
  users: names(
    "Values of `runAsUser`, as UID, UID:GID or `cluster`. On a volume of several agents, who has a user has its files.",
  ).optional(),
  configMaps: names("ConfigMaps that `caBundle` may name.").optional(),
  podTemplate: z
    .array(
      z
        .string()
        .max(512)
        .refine(isTemplateRule, { error: "is no place in a pod template, such as spec.volumes[*].configMap" }),
      { error: "is not a list" },
    )
    .max(500)
    .optional()
    .describe(
      "Places that an agent's `podTemplate` may change, each with all below it, as PATH or PATH=VALUE: `spec.affinity`, `spec.volumes[*].configMap.name=team-*`, `spec.containers[claude].env[*].value`. In brackets stands an item's name, or a map's key. `spec.containers[claude].env` and `spec.volumes[*]` would open every Secret of the namespace.",
    ),
  queues: names(
    "Values of `queue`: Kueue's LocalQueues, whose quota an agent then shares. One's priority may push others' agents from it.",
  ).optional(),
  egress: names(
    "Values of `egress`, the pod's label `paperclip.io/egress`, by which NetworkPolicies select.",
  ).optional(),
});

const limits = z.strictObject({
  resources: z
    .record(z.string().min(1), resource, { error: "is not a map of resources" })
    .optional()
    .describe(
      "Requests and limits by resource, such as `memory: {min: 256Mi, max: 16Gi}`. A resource that stands nowhere here, such as nvidia.com/gpu, cannot be asked for.",
    ),
  timeoutSec: bounds("Seconds a run may take. With a max, an agent that names none gets it.").optional(),
  graceSec: bounds("Seconds an agent has to save its session.").optional(),
  silenceLimitSec: bounds("Seconds an agent may say nothing. With a max, an agent that names none gets it.").optional(),
  toolSilenceLimitSec: bounds("The same while a tool call is in flight.").optional(),
  podStartTimeoutSec: bounds("Seconds a pod may wait for its start.").optional(),
  queueTimeoutSec: bounds(
    "Seconds a run may wait in its queue. With a max, an agent that names none gets it.",
  ).optional(),
  ttlSecondsAfterFinished: bounds("Seconds the cluster keeps a finished Job.").optional(),
  retainJobs: toggle.optional().describe("Whether an agent may keep its Jobs after their runs."),
  jobs: z
    .strictObject({ perAgent: count.optional(), perCompany: count.optional(), perNamespace: count.optional() })
    .optional()
    .describe(
      "Jobs of runs at once, by agent and by company in one namespace, and in a namespace as a whole. A run beyond waits for its turn in the order of arrival, without a limit of time, and its page says so.",
    ),
  transcriptBytes: quantity
    .refine((text) => amountOf(text) >= 65_536, { error: "is below 64Ki, and a page would show nothing of use" })
    .optional()
    .describe(
      "Bytes of a run's output that Paperclip is given for the page, and as many for the run's transcript file; what is beyond is counted and hashed. Default: 1Gi.",
    ),
});

const size = quantity.refine((text) => amountOf(text) > 0, { error: "is not above 0" });

const workspaceClaims = z
  .strictObject({
    per: z
      .enum(["agent", "task"], { error: "is neither agent nor task" })
      .optional()
      .describe(
        "agent: one claim for all tasks of an agent, each with a folder of its own. task: a claim for each task; of a cloud's disks a node takes few. Default: agent.",
      ),
    storageClassName: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe("The StorageClass that makes the volume. Default: the cluster's default class."),
    size: size
      .optional()
      .describe(
        "Size of a claim whose agent sets no `workspaceSize`. A claim grows, and never shrinks. Default: 10Gi.",
      ),
    maxSize: size.optional().describe("The largest `workspaceSize`. Default: 100Gi."),
    accessMode: z
      .enum(["ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"], {
        error: "is not one of ReadWriteOnce, ReadWriteMany, ReadWriteOncePod",
      })
      .optional()
      .describe(
        "ReadWriteOnce: pods of one claim run on one node while several run. ReadWriteMany: on any. ReadWriteOncePod: one pod at a time, the next one waits. Default: ReadWriteOnce.",
      ),
    idleDays: z
      .number({ error: DAYS })
      .int({ error: DAYS })
      .min(0, { error: DAYS })
      .max(3650, { error: DAYS })
      .optional()
      .describe(
        "Days after the start of the last run that used it from which on a claim is removed, with all that is on it. 0 = never. Default: 30.",
      ),
  })
  .refine(({ size, maxSize }) => !size || !maxSize || amountOf(size) <= amountOf(maxSize), {
    error: "has a size above its maxSize",
  });

const pod = z.strictObject({
  hostUsers: toggle
    .optional()
    .describe(
      "false: the pod has a user namespace of its own. Needs Kubernetes 1.33 and a runtime and file systems that can.",
    ),
  readOnlyRootFilesystem: toggle
    .optional()
    .describe("true: only the home, /tmp and the run's own folders can be written."),
  appArmorProfile: z
    .enum(["RuntimeDefault", "Unconfined"])
    .optional()
    .describe("AppArmor's profile of the pod. Needs Kubernetes 1.30 and nodes with AppArmor."),
  supplementalGroupsPolicy: z
    .enum(["Merge", "Strict"])
    .optional()
    .describe("Strict: an image's /etc/group gives the agent no group. Needs Kubernetes 1.33."),
});

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
    git: z
      .strictObject(
        {
          credentials: z
            .record(
              z.string().regex(/^(https?:\/\/)?[a-z0-9.-]+(:\d{1,5})?$/, {
                error: "is no host such as git.example.com, with its port where it has one",
              }),
              z.string().min(1).max(253),
              { error: "is not a map of hosts to Secrets" },
            )
            .optional()
            .describe(
              "Logins by host, such as `git.example.com: git-{companyId}`: a Secret in the Jobs' namespace with the keys `username` and `password`. Runs whose project is on that host have it mounted, and their git reads it at each call. The agent can read it. A host is meant with https, unless http:// stands before it. Default: none.",
            ),
        },
        { error: "is not {credentials}" },
      )
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
