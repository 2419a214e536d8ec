/** Goes through a pod template, or a patch of one, by the types of the API's description. */
import { mergeKeyOf } from "../../../strategic-merge/strategic-merge.ts";
import { isQuantity } from "../kubernetes-formats.ts";
import { type Path, textOf } from "./path.ts";
import { TYPES } from "./types.generated.ts";

export type Plain = Readonly<Record<string, unknown>>;

export interface TemplateProblem {
  readonly path: Path;
  /** A clause whose subject is the path. */
  readonly problem: string;
}

export interface Visitor {
  /** A field that has a value. @returns what is wrong with it */
  field?(type: string, name: string, value: unknown): string | null;
  /** An object, after its fields. @returns what is wrong in it, by places within it */
  object?(type: string, value: Plain): readonly TemplateProblem[];
}

export interface Walk extends Visitor {
  /** A patch: `null` and `$patch` are allowed, and required fields may be absent. */
  readonly isPatch: boolean;
}

/** More say no more: the first ones are corrected first. */
const MOST = 20;
const DEEPEST = 32;

export function walkTemplate(template: unknown, walk: Walk): readonly TemplateProblem[] {
  const problems: TemplateProblem[] = [];
  visitObject(template, "PodTemplateSpec", [], { walk, problems });
  return problems.slice(0, MOST);
}

interface Visit {
  readonly walk: Walk;
  readonly problems: TemplateProblem[];
}

function visitObject(value: unknown, type: string, path: Path, visit: Visit): void {
  const { walk, problems } = visit;
  if (!isPlain(value)) return void problems.push({ path, problem: "is not a map" });
  if (path.length > DEEPEST) return void problems.push({ path, problem: "is nested too deeply" });
  const fields = TYPES[type] ?? {};
  for (const [name, item] of Object.entries(value)) {
    if (walk.isPatch && name.startsWith("$")) {
      if (name === "$patch" && !["merge", "replace", "delete"].includes(String(item)))
        problems.push({ path: [...path, { field: name }], problem: "is neither merge, replace nor delete" });
      continue;
    }
    const declared = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const at = [...path, { field: name }];
    if (declared === undefined) problems.push({ path: at, problem: unknownField(name, Object.keys(fields)) });
    else if (item === undefined || (item === null && walk.isPatch)) continue;
    else visitField(item, { type, name, declared: declared.replace("!", ""), at }, visit);
  }
  if (walk.isPatch) return;
  for (const [name, declared] of Object.entries(fields))
    if (declared.endsWith("!") && (value[name] ?? null) === null)
      problems.push({ path: [...path, { field: name }], problem: "is missing" });
  problems.push(...(walk.object?.(type, value) ?? []).map((one) => ({ ...one, path: [...path, ...one.path] })));
}

interface FieldPlace {
  readonly type: string;
  readonly name: string;
  readonly declared: string;
  readonly at: Path;
}

function visitField(item: unknown, { type, name, declared, at }: FieldPlace, visit: Visit): void {
  const before = visit.problems.length;
  visitValue(item, declared, at, visit);
  if (visit.problems.length > before) return;
  const problem = visit.walk.field?.(type, name, item) ?? null;
  if (problem !== null) visit.problems.push({ path: at, problem });
}

function visitValue(value: unknown, declared: string, path: Path, visit: Visit): void {
  const { problems } = visit;
  if (declared.endsWith("[]")) {
    if (!Array.isArray(value)) return void problems.push({ path, problem: "is not a list" });
    if (visit.walk.isPatch) problems.push(...unmergeable(value, path));
    for (const { item, at } of itemsOf(value, path)) visitValue(item, declared.slice(0, -2), at, visit);
  } else if (declared.endsWith("{}")) {
    if (!isPlain(value)) return void problems.push({ path, problem: "is not a map" });
    for (const [key, item] of Object.entries(value))
      if (!(visit.walk.isPatch && (item === null || key.startsWith("$"))))
        visitValue(item, declared.slice(0, -2), [...path, { key }], visit);
  } else if (Object.hasOwn(TYPES, declared)) visitObject(value, declared, path, visit);
  else if (!isOfType(value, declared)) problems.push({ path, problem: `is not ${WORDS[declared] ?? declared}` });
}

/** Each item of a list with its path: by its merge key, where the list has one. */
export function itemsOf(list: readonly unknown[], path: Path): { readonly item: unknown; readonly at: Path }[] {
  const last = path.at(-1);
  const mergeKey = last === undefined ? null : mergeKeyOf(textOf(last), list);
  return list.map((item, index) => {
    const key = mergeKey === null ? undefined : (item as Plain)[mergeKey];
    return { item, at: [...path, { key: String(key ?? index) }] };
  });
}

/** Items of a patch by which a list cannot be merged: without the key, or two with the same one, which would become one. */
function unmergeable(list: readonly unknown[], path: Path): TemplateProblem[] {
  const last = path.at(-1);
  const mergeKey = last === undefined ? null : mergeKeyOf(textOf(last), list);
  if (mergeKey === null) return [];
  const keys = (list as readonly Plain[]).filter((item) => item.$patch !== "replace").map((item) => item[mergeKey]);
  if (keys.some((key) => key === undefined || key === null))
    return [{ path, problem: `has an item without \`${mergeKey}\`, by which it is merged` }];
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  return twice === undefined ? [] : [{ path, problem: `has two items with the ${mergeKey} ${JSON.stringify(twice)}` }];
}

const WORDS: Readonly<Record<string, string>> = {
  string: "text",
  boolean: "true or false",
  int32: "a whole number",
  int64: "a whole number",
  "int-or-string": "a whole number or text",
  quantity: "a Kubernetes quantity (such as 500m, 2 or 4Gi)",
  date: "a time",
};

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "string":
    case "date":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "int32":
      return Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31;
    case "int64":
      return Number.isSafeInteger(value);
    case "int-or-string":
      return typeof value === "string" || Number.isInteger(value);
    case "quantity":
      return (typeof value === "string" || typeof value === "number") && isQuantity(String(value));
    default:
      return true;
  }
}

function unknownField(name: string, known: readonly string[]): string {
  const near = known.find((field) => field.toLowerCase() === name.toLowerCase());
  return near ? `is no field; did you mean ${near}?` : "is no field of a pod template there";
}

export const isPlain = (value: unknown): value is Plain =>
  typeof value === "object" && value !== null && !Array.isArray(value);
