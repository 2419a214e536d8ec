/**
 * Writes src/config/pod-template/types.generated.ts: the fields of a pod template as the official API description has them,
 * by way of @kubernetes/client-node, which is generated from it. A test holds it in step with the installed version.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type FieldType, fieldsOf } from "../devcluster/src/api/models.ts";
import { describe } from "../devcluster/src/api/openapi/descriptions.ts";

export const typesPath = fileURLToPath(new URL("../src/config/pod-template/types.generated.ts", import.meta.url));

const ROOT = "V1PodTemplateSpec";
/** Maps of quantities: a number is as good as text there. */
const QUANTITIES = ["limits", "requests", "overhead", "divisor", "sizeLimit"];

const nameOf = (model: string): string => model.replace(/^(Core|Events)?V1/, "");

function written(type: FieldType, field: string): string {
  if (type.kind === "array") return `${written(type.of, field)}[]`;
  if (type.kind === "map") return `${QUANTITIES.includes(field) ? "quantity" : written(type.of, field)}{}`;
  if (type.kind === "model") return nameOf(type.model);
  return QUANTITIES.includes(field) && type.type === "string" ? "quantity" : type.type;
}

function modelsOf(type: FieldType): string[] {
  if (type.kind === "model") return [type.model];
  return type.kind === "scalar" ? [] : modelsOf(type.of);
}

/** By type and field: the type, with `!` where the field must be there. */
export function podTemplateTypes(): string {
  const types: Record<string, Record<string, string>> = {};
  const queue = [ROOT];
  for (const model of queue) {
    if (Object.hasOwn(types, nameOf(model))) continue;
    const { fields: described } = describe(model);
    const fields: Record<string, string> = {};
    for (const [name, { type }] of fieldsOf(model)) {
      fields[name] = `${written(type, name)}${described.get(name)?.required ? "!" : ""}`;
      queue.push(...modelsOf(type));
    }
    types[nameOf(model)] = fields;
  }
  const sorted = Object.fromEntries(Object.entries(types).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const lines = Object.entries(sorted).map(([name, fields]) => `  ${name}: ${JSON.stringify(fields)},`);
  return `// Made by \`node scripts/pod-template-types.ts\` from the API description of Kubernetes 1.36; do not edit.
export const TYPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
${lines.join("\n")}
};
`;
}

if (import.meta.main) await writeFile(typesPath, podTemplateTypes());
