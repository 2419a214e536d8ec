/** A ValidatingAdmissionPolicy as the API server evaluates it: conditions first, variables when used, every error a refusal. */
import { type CelInput, isCelError, run } from "@bufbuild/cel";
import type { Manifest } from "./kustomize.ts";

export interface Policy extends Manifest {
  readonly spec: {
    readonly failurePolicy: string;
    readonly matchConstraints: { readonly resourceRules: readonly { readonly operations: readonly string[] }[] };
    readonly matchConditions: readonly { readonly name: string; readonly expression: string }[];
    readonly variables?: readonly { readonly name: string; readonly expression: string }[];
    readonly validations: readonly {
      readonly expression: string;
      readonly message: string;
      readonly messageExpression?: string;
      readonly reason: string;
    }[];
  };
}

/** The ConfigMap of a namespace's settings. */
export interface Settings extends Manifest {
  readonly data: Readonly<Record<string, string>>;
}

export interface Request {
  readonly user: string;
  readonly object: object;
  /** Of an update. */
  readonly oldObject?: object;
  readonly settings: Settings["data"];
}

/** The sentences of what refuses the request; none: it is admitted. */
export function refusals(policy: Policy, { user, object, oldObject, settings }: Request): string[] {
  const given: Record<string, CelInput> = {
    object: celOf(object),
    oldObject: celOf(oldObject ?? null),
    request: celOf({ operation: oldObject ? "UPDATE" : "CREATE", userInfo: { username: user } }),
    params: celOf({ data: settings }),
  };
  const { matchConditions, variables = [], validations } = policy.spec;
  const conditions = matchConditions.map(({ expression }) => run(expression, given));
  if (conditions.includes(false)) return [];
  for (const condition of conditions) if (isCelError(condition)) return [condition.message];
  const values: Record<string, CelInput> = {};
  for (const { name, expression } of variables) {
    const value = run(expression, { ...given, variables: values });
    if (isCelError(value)) return [value.message];
    values[name] = value as CelInput;
  }
  const bound = { ...given, variables: values };
  return validations.flatMap(({ expression, message, messageExpression }) => {
    const holds = run(expression, bound);
    if (holds === true) return [];
    if (isCelError(holds)) return [`${message} (${holds.message})`];
    const text = messageExpression ? run(messageExpression, bound) : message;
    return [typeof text === "string" ? text : message];
  });
}

/** Whole numbers are int to the API server, and double to this library. */
function celOf(value: unknown): CelInput {
  if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(celOf);
  if (value !== null && typeof value === "object")
    return new Map(Object.entries(value).map(([key, item]) => [key, celOf(item)] as const)) as CelInput;
  return value as CelInput;
}
