/** The form of Paperclip's page for an agent of this adapter. */
import type { AdapterConfigSchema } from "@paperclipai/adapter-utils";
import { type Field, fields } from "./fields.ts";

export function configForm(): AdapterConfigSchema {
  return {
    fields: Object.entries<Field>(fields as unknown as Record<string, Field>).map(([key, field]) => ({
      key,
      label: field.label,
      type: field.control,
      hint: field.hint,
      // Number, toggle and select controls show a value; text controls show that the default is not typed in.
      ...(field.control === "text" || field.control === "textarea" ? {} : { default: field.default }),
      ...(field.options ? { options: field.options.map((value) => ({ label: value, value })) } : {}),
      ...(field.visibleWhen ? { meta: { visibleWhen: field.visibleWhen } } : {}),
    })),
  };
}
