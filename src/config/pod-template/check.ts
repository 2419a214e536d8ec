/** A pod template, or a patch of one, checked as the API server would check it: types, values, names. */
import { FIELD_RULES } from "./field-rules.ts";
import { OBJECT_RULES } from "./object-rules.ts";
import { podSpec, podTemplate } from "./pod-rules.ts";
import { type TemplateProblem, walkTemplate } from "./walk.ts";

const field = (type: string, name: string, value: unknown): string | null =>
  (Object.hasOwn(FIELD_RULES, type) ? FIELD_RULES[type]?.[name]?.(value) : null) ?? null;

const RULES = { ...OBJECT_RULES, PodSpec: podSpec, PodTemplateSpec: podTemplate };

/** What is wrong in a patch whatever it is applied to. */
export const patchProblems = (patch: unknown): readonly TemplateProblem[] =>
  walkTemplate(patch, { isPatch: true, field });

/** What is wrong in a template that is to be sent. */
export const templateProblems = (template: unknown): readonly TemplateProblem[] =>
  walkTemplate(template, {
    isPatch: false,
    field,
    object: (type, value) => (Object.hasOwn(RULES, type) ? (RULES[type as keyof typeof RULES]?.(value) ?? []) : []),
  });
