/** The Kubernetes values that an agent's configuration holds, checked before any object is built. */
import type { Toleration } from "kubernetes-types/core/v1";
import { z } from "zod";
import {
  amountOf,
  isAnnotationKey,
  isDnsLabel,
  isDnsSubdomain,
  isLabelValue,
  isOtherResource,
  isQualifiedName,
  isQuantity,
  isWholePages,
} from "./kubernetes-formats.ts";
import { ownAnnotations } from "./pod-template/field-rules/metadata.ts";
import { readStructured } from "./text-values.ts";

export { amountOf } from "./kubernetes-formats.ts";

export const quantity = z
  .union([z.string(), z.number()])
  .transform(String)
  .refine(isQuantity, { error: "is not a Kubernetes quantity (such as 500m, 2 or 4Gi)" });

export const objectName = z.string().refine(isDnsSubdomain, {
  error: "is not a Kubernetes name (lower-case letters, digits, `-` and `.`, at most 253 characters)",
});

/** A label's value names it, so it is no longer than one. */
export const localQueueName = z.string().refine((name) => isDnsSubdomain(name) && name.length <= 63, {
  error: "is not the name of a queue (lower-case letters, digits, `-` and `.`, at most 63 characters)",
});

export const namespaceName = z.string().refine(isDnsLabel, {
  error: "is not a namespace name (lower-case letters, digits and `-`, at most 63 characters)",
});

export const labelValueText = z
  .string()
  .min(1)
  .refine(isLabelValue, { error: "is no label value (letters, digits, `-`, `_` and `.`, at most 63 characters)" });

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const MAP = "is not a map (write one key=value a line, or JSON or YAML)";

/** A map of labels: an object, or text (YAML, JSON or `key=value` lines). */
export const labelMap = z.preprocess(
  structured,
  z.record(z.string(), scalar, { error: MAP }).superRefine((labels, context) => {
    for (const [key, value] of Object.entries(labels)) {
      if (!isQualifiedName(key)) context.addIssue({ code: "custom", message: `has a bad label key \`${key}\`` });
      if (!isLabelValue(value))
        context.addIssue({
          code: "custom",
          message: `has a bad value for \`${key}\` (letters, digits, \`-\`, \`_\` and \`.\`, at most 63 characters)`,
        });
    }
  }),
);

/** Bytes that all annotations of an object may have. */
export const MAX_ANNOTATIONS = 262_144;

/** A map of annotations, written as labels are. null takes one away that is there by default. */
export const annotationMap = z.preprocess(
  structured,
  z.record(z.string(), scalar.nullable(), { error: MAP }).superRefine((annotations, context) => {
    for (const key of Object.keys(annotations))
      if (!isAnnotationKey(key)) context.addIssue({ code: "custom", message: `has a bad annotation key \`${key}\`` });
    const problem = ownAnnotations(annotations);
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
    // Half of it: the rest is for ours, and what a template adds.
    if (Buffer.byteLength(JSON.stringify(annotations)) > MAX_ANNOTATIONS / 2)
      context.addIssue({ code: "custom", message: `is longer than ${MAX_ANNOTATIONS / 2} bytes` });
  }),
);

/** Resources beside cpu, memory and ephemeral-storage, each with the amount that is its request and its limit. */
export const otherResources = z.preprocess(
  structured,
  z
    .record(z.string(), z.union([z.string(), z.number()]).transform(String), { error: MAP })
    .superRefine((resources, context) => {
      const issue = (message: string): void => context.addIssue({ code: "custom", message });
      for (const [name, amount] of Object.entries(resources)) {
        if (!isOtherResource(name))
          issue(`has \`${name}\`, which is neither DOMAIN/NAME of a device plugin nor hugepages-SIZE`);
        if (!isQuantity(amount) || !Number.isInteger(amountOf(amount))) issue(`has no whole number for \`${name}\``);
        else if (!isWholePages(name, amount)) issue(`has ${amount} for \`${name}\`, which is no whole number of pages`);
      }
    }),
);

/** Names of objects: a list, or text with commas, blanks or lines between them. */
export const objectNames = z.preprocess(
  (given, context) => {
    const value = structured(given, context);
    const items = typeof value === "string" ? value.split(/[\s,]+/).filter(Boolean) : value;
    const nameOf = (item: unknown): unknown =>
      typeof item === "object" && item !== null && "name" in item ? item.name : item;
    return Array.isArray(items) ? items.map(nameOf) : items;
  },
  z.array(objectName, { error: "is not a list of names" }).max(50, { error: "has more than 50 names" }),
) as unknown as z.ZodType<string[]>;

const toleration = z.strictObject({
  key: z
    .string()
    .refine((key) => key === "" || isQualifiedName(key), { error: "is no key of a taint" })
    .optional(),
  operator: z.enum(["Exists", "Equal", "Lt", "Gt"]).optional(),
  value: z.string().refine(isLabelValue, { error: "is no value of a taint" }).optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
  tolerationSeconds: z.number().int().optional(),
});

/** After the fields are right: a problem of them all would be said beside each of theirs. */
const when = ({ issues }: z.core.ParsePayload): boolean => issues.length === 0;

const wholeToleration = toleration
  .refine(({ key, operator }) => Boolean(key) || operator === "Exists", {
    error: "has no key, for which its operator must be Exists",
    when,
  })
  .refine(({ operator, value }) => operator !== "Exists" || !value, {
    error: "has a value, and the operator Exists",
    when,
  })
  .refine(({ operator, value }) => !["Lt", "Gt"].includes(operator ?? "") || /^-?\d+$/.test(value ?? ""), {
    error: "has an operator that compares numbers, and no number",
    when,
  })
  .refine(({ tolerationSeconds, effect }) => tolerationSeconds === undefined || effect === "NoExecute", {
    error: "has tolerationSeconds, and another effect than NoExecute",
    when,
  });

/** A list of tolerations: an array, or text (YAML or JSON). */
export const tolerations = z.preprocess(
  structured,
  z.array(wholeToleration, { error: "is not a list of tolerations (write a JSON or YAML list)" }),
) as unknown as z.ZodType<Toleration[]>;

export function structured(value: unknown, context: z.RefinementCtx): unknown {
  try {
    return readStructured(value);
  } catch (error) {
    context.addIssue({ code: "custom", message: `cannot be read: ${error instanceof Error ? error.message : error}` });
    return z.NEVER;
  }
}
