import type { ParsedAgentConfig } from "../../config/agent-config.ts";
import type { AllowRule, Policy } from "../rules.ts";

/** Settings that a pod takes over from Paperclip's own, empty ones too: `{}` is the word of who wants none. */
const TAKEN_OVER: readonly (readonly [key: string, rule: AllowRule])[] = [
  ["nodeSelector", "nodeLabels"],
  ["tolerations", "tolerations"],
];

/**
 * The keys that count as set. Where the policy lets an agent choose no node, the placement of Paperclip's own pod is the
 * operator's, and to set nothing instead of it is not the agent's to say.
 *
 * @param defaults the operator's own settings
 */
export function setKeys(
  { set, chosen }: Pick<ParsedAgentConfig, "set" | "chosen">,
  defaults: Readonly<Record<string, unknown>>,
  policy: Policy,
): ReadonlySet<string> {
  const isBound = (key: string): boolean =>
    TAKEN_OVER.some(
      ([one, rule]) =>
        one === key && !chosen.has(key) && !Object.hasOwn(defaults, key) && policy.allow[rule].length === 0,
    );
  return new Set([...set].filter((key) => !isBound(key)));
}
