/** `allow`: which values an agent may name. */
import { z } from "zod";
import { isTemplateRule } from "../template-rule.ts";
import { names } from "./values.ts";

export const allow = z.strictObject({
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
