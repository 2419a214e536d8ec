import { list, plain } from "../store/plain.ts";
import type { KubeObject, LogOptions } from "../types.ts";
import { badRequest, type FieldError, invalid, notFound } from "./api-error.ts";
import type { Answer, ApiContext, ResourceRequest } from "./request.ts";
import type { ResourceDefinition } from "./resources.ts";

/** GET pods/NAME/log. */
export async function log(request: ResourceRequest, { store, logs }: ApiContext): Promise<Answer> {
  const { definition, namespace, name } = request.target;
  const pod = store.get("pods", namespace, name);
  if (pod === undefined) throw notFound(definition, name);
  const options = logOptions(request.query, definition, name);
  const container = containerOf(pod, request.query.get("container") ?? "");
  // Measured: the log of a pod without a node is 204, even with follow.
  if (!plain(pod.spec).nodeName || logs === undefined) return { kind: "empty", code: 204 };
  const chunks = await logs.open(pod, container, options, request.signal);
  return { kind: "stream", contentType: "text/plain", chunks };
}

/** The container that is meant; "" is the only one, or the pod's default one. */
export function containerOf(pod: KubeObject, wanted: string): string {
  const spec = plain(pod.spec);
  const names = (field: string): string[] => list(spec[field]).map((container) => String(plain(container).name));
  const main = names("containers");
  const inits = names("initContainers");
  const { name } = pod.metadata;
  if (wanted === "") {
    const [only] = main;
    if (only !== undefined && main.length === 1) return only;
    const chosen = pod.metadata.annotations?.["kubectl.kubernetes.io/default-container"];
    if (chosen !== undefined && main.includes(chosen)) return chosen;
    const rest = inits.length === 0 ? "" : ` or one of the init containers: [${inits.join(" ")}]`;
    throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${main.join(" ")}]${rest}`);
  }
  if (![...main, ...inits, ...names("ephemeralContainers")].includes(wanted))
    throw badRequest(`container ${wanted} is not valid for pod ${name}`);
  return wanted;
}

/** Checked as measured: wrong numbers are 422, a wrong time is 400, `stream` is behind a gate that is off. */
function logOptions(query: URLSearchParams, definition: ResourceDefinition, name: string): LogOptions {
  const errors: FieldError[] = [];
  const positive = (field: string, least: number): number | undefined => {
    const text = query.get(field);
    if (text === null || text === "") return undefined;
    if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
    const value = Number(text);
    const bound = least === 0 ? "must be greater than or equal to 0" : "must be greater than 0";
    if (value < least)
      errors.push({ field, reason: "FieldValueInvalid", message: `Invalid value: ${value}: ${bound}` });
    return value;
  };
  const tailLines = positive("tailLines", 0);
  const limitBytes = positive("limitBytes", 1);
  const sinceSeconds = positive("sinceSeconds", 1);
  const sinceTime = sinceOf(query.get("sinceTime"));
  if (sinceTime !== undefined && sinceSeconds !== undefined) {
    const message = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified";
    errors.push({ field: "", reason: "FieldValueForbidden", message });
  }
  if (query.has("stream")) {
    errors.push({ field: "stream", reason: "FieldValueForbidden", message: "Forbidden: may not be specified" });
  }
  if (errors.length > 0) throw invalid({ ...definition, kind: "PodLogOptions" }, name, errors);
  const flag = (field: string): boolean => ["true", "1", ""].includes(query.get(field) ?? "false");
  return {
    follow: flag("follow"),
    timestamps: flag("timestamps"),
    previous: flag("previous"),
    ...(sinceTime === undefined ? {} : { sinceTime }),
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function sinceOf(text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  const milliseconds = RFC3339.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(milliseconds)) {
    throw badRequest(`parsing time "${text}" as "2006-01-02T15:04:05Z07:00": cannot parse "${text}" as "2006"`);
  }
  return Math.floor(milliseconds / 1000);
}
