/** The pod template of an agent, held to the places that the operator lets agents change. */
import type { Overlay } from "../../config/pod-template/overlay.ts";
import { writtenPath } from "../../config/pod-template/path.ts";
import { covers, type Touched, touchedPlaces } from "../../config/pod-template/touched.ts";
import { matches } from "../pattern.ts";
import type { Policy } from "../rules.ts";
import { readTemplateRule, type TemplateRule } from "../template-rule.ts";
import { listed, type Refusal } from "./refusal.ts";
import type { Who } from "./who.ts";

/** More say no more: one rule may cover many places. */
const MOST = 10;

export function templateRefusals(template: Overlay | null, policy: Policy, who: Who): Refusal[] {
  const rules = policy.allow.podTemplate;
  const read = rules.map(readTemplateRule).filter((rule) => rule !== null);
  return touchedPlaces(template ?? {})
    .filter((place) => !read.some((rule) => allows(rule, place, who)))
    .slice(0, MOST)
    .map(({ path, value }) => ({
      field: ["podTemplate", writtenPath(path)].filter(Boolean).join("."),
      asked: "set",
      allowed: listed(rules),
      grant: { path: ["allow", "podTemplate"], value: writtenPath(path) || "*", isList: true },
      isUpToTheAgent: who.agentId === null && read.some((rule) => allows(forAnyAgent(rule), { path, value }, who)),
    }));
}

/** The rule for an agent of some id, where it is not known which agent it is. */
const forAnyAgent = ({ path, value }: TemplateRule): TemplateRule => ({
  path: path.map((step) => ("key" in step ? { key: anyAgent(step.key) } : step)),
  value: value && anyAgent(value),
});

const anyAgent = (pattern: string): string => pattern.replaceAll("{agentId}", "*");

function allows({ path, value }: TemplateRule, place: Touched, who: Who): boolean {
  // All of the template: a patch that is empty, or replaces it.
  if (place.path.length === 0) return value === null && path.length === 1 && writtenPath(path) === "*";
  if (!covers(path, place.path, (pattern, text) => matches(pattern, text, who))) return false;
  return (
    value === null || (place.value !== null && path.length === place.path.length && matches(value, place.value, who))
  );
}
