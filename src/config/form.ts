/** The form of Paperclip's page for an agent of this adapter. */
import type { AdapterConfigSchema } from "@paperclipai/adapter-utils";
import type { Field } from "./field.ts";
import { fields } from "./fields.ts";
import { podFields } from "./pod-fields.ts";

export function configForm(): AdapterConfigSchema {
  return {
    fields: Object.entries(fields as unknown as Record<string, Field>).map(([key, field]) => ({
      key,
      label: field.label,
      type: field.control,
      hint: field.hint,
      group: Object.hasOwn(podFields, key) ? "Pod" : "Run",
      ...shownDefault(field),
      ...(field.options ? { options: field.options.map(({ label, value }) => ({ label, value })) } : {}),
      ...(field.visibleWhen ? { meta: { visibleWhen: field.visibleWhen } } : {}),
    })),
  };
}

/** Number, toggle and select show a value, and an option's is text; text controls show that the default is not typed in. */
function shownDefault({ control, default: value }: Field): { readonly default?: unknown } {
  if (control === "text" || control === "textarea") return {};
  return { default: control === "select" ? String(value) : value };
}
