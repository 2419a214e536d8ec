/** Policies for tests whose subject is another one: their agents name kubeconfigs, namespaces and claims. */
import { withDefaults } from "../../src/policy/defaults.ts";
import type { Policy } from "../../src/policy/policy.ts";
import type { PolicyFile } from "../../src/policy/schema.ts";

/** @param file rules of the operator's */
export const policyOf = (file: PolicyFile): Policy => withDefaults(file, null, []);

export const trusting: Policy = policyOf({ trust: "full" });

/** As a dependency. */
export const trustAgents = (): Promise<Policy> => Promise.resolve(trusting);
