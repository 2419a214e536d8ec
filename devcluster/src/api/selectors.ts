import { isPlain } from "../store/plain.ts";
import type { KubeObject } from "../types.ts";
import { badRequest } from "./api-error.ts";

export type Matcher = (object: KubeObject) => boolean;

const KEY = "[A-Za-z0-9][-A-Za-z0-9_./]*";
const SET = new RegExp(String.raw`^(${KEY})\s+(in|notin)\s*\(([^()]*)\)$`);
const COMPARE = new RegExp(String.raw`^(${KEY})\s*(==|=|!=|>|<)\s*([-A-Za-z0-9_.]*)$`);
const EXISTS = new RegExp(String.raw`^(!?)\s*(${KEY})$`);

/** Parses a labelSelector; an empty one matches everything. Throws 400 for what is not one. */
export function labelSelector(text: string | null): Matcher {
  if (text === null || text.trim() === "") return () => true;
  // A comma inside parentheses belongs to the set.
  const requirements = text.split(/,(?![^()]*\))/).map((part) => requirement(part.trim(), text));
  return (object) => requirements.every((holds) => holds(object.metadata.labels ?? {}));
}

type Requirement = (labels: Readonly<Record<string, string>>) => boolean;

function requirement(part: string, whole: string): Requirement {
  const set = SET.exec(part);
  if (set !== null) {
    const [, key = "", operator, values = ""] = set;
    const allowed = values.split(",").map((value) => value.trim());
    if (operator === "in") return (labels) => key in labels && allowed.includes(labels[key] ?? "");
    return (labels) => !(key in labels) || !allowed.includes(labels[key] ?? "");
  }
  const compare = COMPARE.exec(part);
  if (compare !== null) {
    const [, key = "", operator, value = ""] = compare;
    if (operator === "!=") return (labels) => labels[key] !== value;
    if (operator === ">") return (labels) => Number(labels[key]) > Number(value);
    if (operator === "<") return (labels) => Number(labels[key]) < Number(value);
    return (labels) => labels[key] === value;
  }
  const exists = EXISTS.exec(part);
  if (exists !== null) {
    const [, not, key = ""] = exists;
    return not === "!" ? (labels) => !(key in labels) : (labels) => key in labels;
  }
  throw badRequest(`unable to parse requirement: found '${part}' in "${whole}"`);
}

const COMMON_FIELDS = ["metadata.name", "metadata.namespace"];

/** The fields each resource can be selected by; anything else is refused, as the real server does. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  pods: [
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
  ],
  jobs: ["status.successful"],
  secrets: ["type"],
  namespaces: ["status.phase"],
  nodes: ["spec.unschedulable"],
  events: [
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
  ],
};

export function fieldSelector(resource: string, text: string | null): Matcher {
  if (text === null || text.trim() === "") return () => true;
  const terms = text.split(",").map((part) => {
    const match = /^([^=!]+)(==|=|!=)(.*)$/.exec(part.trim());
    if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    const [, given = "", operator, value = ""] = match;
    // events.k8s.io calls the subject "regarding".
    const field = resource === "events" ? given.replace(/^regarding\./, "involvedObject.") : given;
    if (!COMMON_FIELDS.includes(field) && !(FIELDS[resource] ?? []).includes(field)) {
      throw badRequest(`field label not supported: ${given}`);
    }
    const path = field === "source" ? ["source", "component"] : field.split(".");
    return { field, path, equal: operator !== "!=", value };
  });
  return (object) => terms.every(({ field, path, equal, value }) => (read(object, field, path) === value) === equal);
}

function read(object: KubeObject, field: string, path: readonly string[]): string {
  let value: unknown = object;
  for (const key of path) value = isPlain(value) ? value[key] : undefined;
  if (field === "spec.unschedulable" || field === "spec.hostNetwork") return String(value ?? false);
  if (field === "status.successful") return String(isPlain(object.status) ? (object.status.succeeded ?? 0) : 0);
  return value === undefined || value === null ? "" : String(value);
}

/** Both selectors, the namespace and the name of a list or watch in one. */
export function selection(
  resource: string,
  query: URLSearchParams,
  place: { readonly namespace: string; readonly name: string },
): Matcher {
  const byLabel = labelSelector(query.get("labelSelector"));
  const byField = fieldSelector(resource, query.get("fieldSelector"));
  return (object) =>
    (place.namespace === "" || object.metadata.namespace === place.namespace) &&
    (place.name === "" || object.metadata.name === place.name) &&
    byLabel(object) &&
    byField(object);
}
