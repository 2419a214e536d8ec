/**
 * Every key that an agent may set, in one schema: parser, form and documentation are made from it. A new setting is one
 * entry: in `fields.ts`, or in `host-fields.ts` where Paperclip's page shows it already.
 */
import type { HostField } from "./field.ts";
import { fields } from "./fields.ts";
import { hostFields } from "./host-fields.ts";

export const schema = { ...fields, ...hostFields };

type Schema = typeof schema;

/** One value a key, defaults filled in. Dotted keys are literal, as the page stores them. */
export type AgentConfig = { readonly [K in keyof Schema]: Schema[K]["default"] };

export const settings: readonly (readonly [key: string, field: HostField])[] = Object.entries(
  schema as unknown as Record<string, HostField>,
);

export const isSetting = (key: string): boolean => Object.hasOwn(schema, key);
