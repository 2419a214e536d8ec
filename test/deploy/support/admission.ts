/** A ValidatingAdmissionPolicy as the API server evaluates it: conditions first, variables when used, every error a refusal. */
import { type CelInput, isCelError, run } from "@bufbuild/cel";
import { type Manifest, manifestOf } from "./kustomize.ts";

export interface Policy extends Manifest {
  readonly spec: {
    readonly failurePolicy: string;
    readonly matchConstraints: { readonly resourceRules: readonly { readonly operations: readonly string[] }[] };
    readonly matchConditions?: readonly { readonly name: string; readonly expression: string }[];
    readonly variables?: readonly { readonly name: string; readonly expression: string }[];
    readonly validations: readonly {
      readonly expression: string;
      readonly message: string;
      readonly messageExpression?: string;
      readonly reason: string;
    }[];
  };
}

export type Annotations = Readonly<Record<string, string>>;

/** A setting's annotation. */
export const setting = (name: string): string => `admission.paperclip.io/${name}`;

/** Those of a namespace that says all of them. */
export async function baseAnnotations(): Promise<Annotations> {
  return (await manifestOf("base/namespace.yaml", "Namespace")).metadata.annotations ?? {};
}

export interface Request {
  readonly user: string;
  readonly object: object;
  /** Of an update. */
  readonly oldObject?: object;
  /** The namespace's. */
  readonly annotations?: Annotations;
}

/** The sentences of what refuses the request; none: it is admitted. */
export function refusals(policy: Policy, { user, object, oldObject, annotations }: Request): string[] {
  const given: Record<string, CelInput> = {
    object: celOf(object),
    oldObject: celOf(oldObject ?? null),
    request: celOf({ operation: oldObject ? "UPDATE" : "CREATE", userInfo: { username: user } }),
    namespaceObject: celOf({ metadata: { name: "agents", ...(annotations ? { annotations } : {}) } }),
  };
  const { matchConditions = [], variables = [], validations } = policy.spec;
  // These do not see the namespace.
  const { namespaceObject: _, ...seen } = given;
  const conditions = matchConditions.map(({ expression }) => run(expression, seen));
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
