/**
 * The operator's policy: what agents may set, where their Jobs go, how much they may use. `readPolicy()` reads it,
 * `govern()` holds a configuration to it. Nothing else reads a configuration that has not passed.
 */
export { type GovernedAgent, govern, namespaceOf, type PodTemplateLayer, type Who } from "./govern/govern.ts";
export { matchesAny } from "./pattern.ts";
export { type PolicyPlace, placesOf } from "./places.ts";
export { readPolicy } from "./read-policy.ts";
export type { Policy, WorkspaceClaimRule } from "./rules.ts";
