/** The syntax of the Kubernetes values that an agent's configuration holds, checked before any object is built. */
import type { Toleration } from "kubernetes-types/core/v1";
import { z } from "zod";
import { readStructured } from "./text-values.ts";

const QUANTITY = /^(\d+(\.\d*)?|\.\d+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE]\d+)?$/;
const DNS_SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const DNS_LABEL = /^(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_VALUE = /^(?=.{0,63}$)([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?(?=.{1,63}$)[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

const UNITS: Readonly<Record<string, number>> = {
  ...{ m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** A quantity as a number, for comparing two. */
export function amountOf(text: string): number {
  const unit = /[a-zA-Z]+$/.exec(text)?.[0];
  return unit && Object.hasOwn(UNITS, unit) ? Number(text.slice(0, -unit.length)) * (UNITS[unit] ?? 1) : Number(text);
}

export const quantity = z
  .union([z.string(), z.number()])
  .transform(String)
  .refine((text) => QUANTITY.test(text), { error: "is not a Kubernetes quantity (such as 500m, 2 or 4Gi)" });

export const objectName = z.string().regex(DNS_SUBDOMAIN, {
  error: "is not a Kubernetes name (lower-case letters, digits, `-` and `.`, at most 253 characters)",
});

export const namespaceName = z.string().regex(DNS_LABEL, {
  error: "is not a namespace name (lower-case letters, digits and `-`, at most 63 characters)",
});

export const labelValueText = z
  .string()
  .min(1)
  .regex(LABEL_VALUE, { error: "is no label value (letters, digits, `-`, `_` and `.`, at most 63 characters)" });

/** A map of labels: an object, or text (YAML, JSON or `key=value` lines). */
export const labelMap = z.preprocess(
  structured,
  z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String), {
      error: "is not a map (write one key=value a line, or JSON or YAML)",
    })
    .superRefine((labels, context) => {
      for (const [key, value] of Object.entries(labels)) {
        if (!LABEL_KEY.test(key)) context.addIssue({ code: "custom", message: `has a bad label key \`${key}\`` });
        if (!LABEL_VALUE.test(value))
          context.addIssue({
            code: "custom",
            message: `has a bad value for \`${key}\` (letters, digits, \`-\`, \`_\` and \`.\`, at most 63 characters)`,
          });
      }
    }),
);

const toleration = z.strictObject({
  key: z.string().optional(),
  operator: z.enum(["Exists", "Equal", "Lt", "Gt"]).optional(),
  value: z.string().optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
  tolerationSeconds: z.number().int().optional(),
});

/** A list of tolerations: an array, or text (YAML or JSON). */
export const tolerations = z.preprocess(
  structured,
  z.array(toleration, { error: "is not a list of tolerations (write a JSON or YAML list)" }),
) as unknown as z.ZodType<Toleration[]>;

function structured(value: unknown, context: z.RefinementCtx): unknown {
  try {
    return readStructured(value);
  } catch (error) {
    context.addIssue({ code: "custom", message: `cannot be read: ${error instanceof Error ? error.message : error}` });
    return z.NEVER;
  }
}
