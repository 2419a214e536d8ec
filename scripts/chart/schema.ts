/** The JSON Schema of the chart's values: types from their defaults, and what a default does not show. */
import { policyJsonSchema } from "../../src/policy/rule-names.ts";
import type { Value } from "./values.ts";

type Schema = Readonly<Record<string, unknown>>;

/** RFC 1123, as Kubernetes has names. */
const NAME = { pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", maxLength: 63 };
const PORT = { minimum: 1, maximum: 65_535 };
const ACCESS_MODES = {
  items: { enum: ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"] },
  minItems: 1,
};
const SIZE = { pattern: "^[0-9.]+([EPTGMk]i?)?$" };
const TEXTS = { items: { type: "string", minLength: 1 } };
const OBJECTS = { items: { type: "object" } };
const OPTIONAL_URL = { pattern: "^(https?://.+)?$" };
/** Goes into a CEL expression and an annotation. No line break: a YAML block leaves one at its end, and then nothing matches. */
const EXPRESSION = { pattern: String.raw`^[^\x00-\x1f\x7f]*$`, maxLength: 4096 };
const LABELS = { additionalProperties: { type: "string" } };

const MORE: Readonly<Record<string, Schema>> = {
  "paperclip.name": NAME,
  "paperclip.kind": { enum: ["Deployment", "StatefulSet"] },
  "paperclip.serviceAccount": { ...NAME, maxLength: 253 },
  "paperclip.port": PORT,
  "paperclip.apiUrl": OPTIONAL_URL,
  "paperclip.publicUrl": OPTIONAL_URL,
  "paperclip.imagePullPolicy": { enum: ["Always", "IfNotPresent", "Never"] },
  "paperclip.imagePullSecrets": TEXTS,
  "paperclip.command": { items: { type: "string" } },
  "paperclip.args": { items: { type: "string" } },
  "paperclip.runAsUser": { minimum: 1 },
  "paperclip.home.size": SIZE,
  "paperclip.home.accessModes": ACCESS_MODES,
  "paperclip.env": { additionalProperties: { type: ["string", "number", "boolean"] } },
  "paperclip.nodeSelector": LABELS,
  "paperclip.tolerations": OBJECTS,
  "agents.namespace": NAME,
  "agents.serviceAccount": { ...NAME, maxLength: 253 },
  "agents.homeClaim.size": SIZE,
  "agents.homeClaim.name": { ...NAME, maxLength: 253 },
  "agents.homeClaim.accessModes": ACCESS_MODES,
  "agents.quota": { additionalProperties: { type: ["string", "number"] } },
  "agents.limitRange": OBJECTS,
  "network.extraEgress": OBJECTS,
  // Helm takes out what is set to null.
  admission: { required: ["images", "claims", "wholeClaims", "egress"] },
  "admission.serviceAccounts": EXPRESSION,
  "admission.images": { ...EXPRESSION, minLength: 1 },
  "admission.claims": EXPRESSION,
  "admission.wholeClaims": EXPRESSION,
  "admission.egress": EXPRESSION,
  "metrics.port": PORT,
  "metrics.podMonitor.labels": LABELS,
  "metrics.podMonitor.podLabels": LABELS,
  "prePull.images": TEXTS,
  "prePull.imagePullSecrets": TEXTS,
  "prePull.nodeSelector": LABELS,
  "prePull.tolerations": OBJECTS,
};

export function valuesSchema(values: readonly Value[]): Schema {
  const unused = new Set(Object.keys(MORE));
  const properties = propertiesOf(values, unused);
  if (unused.size > 0) throw new Error(`values.yaml has no ${[...unused].join(", ")}`);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Values of the chart. Made by `node scripts/chart.ts` from values.yaml; do not edit.",
    type: "object",
    additionalProperties: false,
    // `global` is what Helm gives every chart that another one has as a part.
    properties: { ...properties, global: { type: "object" } },
  };
}

function propertiesOf(values: readonly Value[], unused: Set<string>): Schema {
  return Object.fromEntries(values.map((value) => [value.key.split(".").at(-1), schemaOf(value, unused)]));
}

function schemaOf({ key, description, default: given, values }: Value, unused: Set<string>): Schema {
  if (key === "policy") {
    const { $schema: _, ...policy } = policyJsonSchema() as Schema;
    return { ...policy, description };
  }
  unused.delete(key);
  const type = Array.isArray(given) ? "array" : Number.isInteger(given) ? "integer" : typeof given;
  if (values === null) return { description, type, ...MORE[key] };
  return { description, type, additionalProperties: false, properties: propertiesOf(values, unused), ...MORE[key] };
}
