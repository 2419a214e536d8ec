import type { ResourceDefinition } from "../api/resources.ts";
import type { KubeObject, Store } from "../types.ts";

export interface RuleContext {
  readonly resource: ResourceDefinition;
  /** What is there already, for rules such as "the namespace exists". */
  readonly store: Pick<Store, "get" | "list">;
  /** Collects what a client gets as `Warning` headers. */
  readonly warn: (text: string) => void;
  readonly now: number;
}

/**
 * What the API server does to an object between decoding and storing it: defaults, admission, validation. May change
 * the draft; throws ApiError to refuse it.
 */
export interface ObjectRules {
  create(draft: KubeObject, context: RuleContext): void;
  update(draft: KubeObject, old: KubeObject, context: RuleContext & { readonly subresource?: string }): void;
}

/** Stores whatever comes; for tests of the store itself. */
export const NO_RULES: ObjectRules = { create() {}, update() {} };
