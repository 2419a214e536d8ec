/** Which keys the schema has at a place of the file, for guesses. */
import { z } from "zod";
import { policySchema } from "./schema.ts";

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
}

/** The policy's schema for editors. */
export const policyJsonSchema = () => z.toJSONSchema(policySchema, { io: "input", unrepresentable: "any" });

export function ruleNames(path: readonly PropertyKey[]): readonly string[] {
  let node: SchemaNode | undefined = policyJsonSchema() as SchemaNode;
  for (const key of path) {
    const more: SchemaNode["additionalProperties"] = node?.additionalProperties;
    node = node?.properties?.[String(key)] ?? (typeof more === "object" ? more : undefined);
  }
  return Object.keys(node?.properties ?? {});
}
