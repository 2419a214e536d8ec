/** The rules that bound how much an agent may ask for. */
import type { AgentConfig } from "../../config/agent-config.ts";
import { amountOf } from "../../config/kubernetes-values.ts";
import type { Bounds, Policy, TimeRule } from "../rules.ts";
import type { Asked } from "./lists.ts";
import { type Refusal, shown } from "./refusal.ts";

/** Of these 0 means without an end. */
const ENDLESS: readonly TimeRule[] = ["timeoutSec", "silenceLimitSec", "toolSilenceLimitSec", "queueTimeoutSec"];
const TIMES: readonly TimeRule[] = [...ENDLESS, "graceSec", "podStartTimeoutSec", "ttlSecondsAfterFinished"];

/** The configuration in which what has no end ends where the policy says, unless the agent or its operator named an end. */
export function withEnds(config: AgentConfig, set: ReadonlySet<string>, { limits }: Policy): AgentConfig {
  const ends = ENDLESS.flatMap((key) => {
    const { max } = limits[key];
    return max !== undefined && !set.has(key) && config[key] === 0 ? [[key, max] as const] : [];
  });
  return { ...config, ...Object.fromEntries(ends) };
}

export function amountRefusals({ config, own, policy }: Asked): Refusal[] {
  return [
    ...TIMES.filter((key) => own.has(key)).flatMap((key) => timeRefusal(key, config[key], policy.limits[key])),
    ...[...own].flatMap((key) => resourceRefusals(key, config, policy)),
    ...(own.has("workspaceSize") ? sizeRefusal(config, policy) : []),
  ];
}

function timeRefusal(key: TimeRule, value: number, { min, max }: Bounds): Refusal[] {
  if (max !== undefined && value > max)
    return [bound(key, String(value), `it allows ${max} s at most`, ["limits", key, "max"], value)];
  if (min !== undefined && value < min)
    return [bound(key, String(value), `it allows ${min} s at least`, ["limits", key, "min"], value)];
  return [];
}

const RESOURCE = /^resources\.(?:requests|limits)\.(.+)$/;

function resourceRefusals(key: string, config: AgentConfig, policy: Policy): Refusal[] {
  if (key === "extendedResources")
    return Object.entries(config.extendedResources).flatMap(([name, amount]) =>
      resourceRefusal(`resources.limits.${name}`, name, amount, policy),
    );
  const name = RESOURCE.exec(key)?.[1];
  const value = (config as unknown as Record<string, unknown>)[key];
  return name === undefined || value === null ? [] : resourceRefusal(key, name, String(value), policy);
}

function resourceRefusal(key: string, name: string, value: string, { limits }: Policy): Refusal[] {
  const rule = Object.hasOwn(limits.resources, name) ? limits.resources[name] : undefined;
  const path = ["limits", "resources", name];
  if (!rule)
    return limits.otherResources ? [] : [bound(key, shown(value), "it has no such resource", path, { max: value })];
  const { min, max } = rule;
  if (max !== undefined && amountOf(value) > amountOf(max))
    return [bound(key, value, `it allows ${max} at most`, [...path, "max"], value)];
  if (min !== undefined && amountOf(value) < amountOf(min))
    return [bound(key, value, `it allows ${min} at least`, [...path, "min"], value)];
  return [];
}

function sizeRefusal({ workspaceSize }: AgentConfig, { workspaceClaims }: Policy): Refusal[] {
  const max = workspaceClaims?.maxSize ?? null;
  if (workspaceSize === null || max === null || amountOf(workspaceSize) <= amountOf(max)) return [];
  const path = ["workspaceClaims", "maxSize"];
  return [bound("workspaceSize", workspaceSize, `it allows ${max} at most`, path, workspaceSize)];
}

function bound(field: string, asked: string, allowed: string, path: readonly string[], value: unknown): Refusal {
  return { field, asked, allowed, grant: { path, value, isList: false } };
}
