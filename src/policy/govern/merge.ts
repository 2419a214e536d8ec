/** Settings that are maps: the agent adds to the operator's, and changes what it may; it never takes an entry away by adding one. */
import type { AgentConfig } from "../../config/agent-config.ts";

const MAPS = ["labels", "annotations", "nodeSelector", "env", "extendedResources"] as const;

/** @param defaults the operator's own settings */
export function withOperatorsEntries(config: AgentConfig, defaults: AgentConfig): AgentConfig {
  const merged = MAPS.map((key) => [key, { ...defaults[key], ...config[key] }] as const);
  return { ...config, ...Object.fromEntries(merged) };
}
