import { timestamp } from "../store/deletion.ts";
import { isPlain, list, plain } from "../store/plain.ts";
import { notFound } from "./api-error.ts";
import { parseBody } from "./decode.ts";
import type { Attributes } from "./rbac.ts";
import type { Answer, ApiContext, ApiRequest, ResourceRequest } from "./request.ts";

type Review = (request: ApiRequest, context: ApiContext) => Answer;

/** Questions that are answered and not kept; each is POSTed to a path of its own. */
export const REVIEWS: Readonly<Record<string, Review>> = {
  "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": accessReview,
  "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews": rulesReview,
  "/apis/authentication.k8s.io/v1/selfsubjectreviews": subjectReview,
};

function specOf(request: ApiRequest): Record<string, unknown> {
  const body = parseBody(request);
  return isPlain(body) ? plain(body.spec) : {};
}

function answer(apiVersion: string, kind: string, spec: object, status: object): Answer {
  return { kind: "json", code: 201, body: { kind, apiVersion, metadata: { creationTimestamp: null }, spec, status } };
}

function accessReview(request: ApiRequest, { access }: ApiContext): Answer {
  const spec = specOf(request);
  const resource = plain(spec.resourceAttributes);
  const other = plain(spec.nonResourceAttributes);
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  const attributes: Attributes = {
    verb: text(resource.verb) || text(other.verb),
    group: text(resource.group),
    resource: text(resource.resource),
    subresource: text(resource.subresource),
    name: text(resource.name),
    namespace: text(resource.namespace),
    ...(spec.nonResourceAttributes === undefined ? {} : { path: text(other.path) }),
  };
  const grant = access.allows(request.user, attributes);
  const reason = grant === undefined || grant.reason === "" ? {} : { reason: grant.reason };
  return answer("authorization.k8s.io/v1", "SelfSubjectAccessReview", spec, {
    allowed: grant !== undefined,
    ...reason,
  });
}

function rulesReview(request: ApiRequest, { access }: ApiContext): Answer {
  const spec = specOf(request);
  const rules = access.rules(request.user, String(spec.namespace ?? ""));
  const filled = (values: readonly string[], field: string): object => (values.length === 0 ? {} : { [field]: values });
  return answer("authorization.k8s.io/v1", "SelfSubjectRulesReview", spec, {
    resourceRules: rules
      .filter(({ resources }) => resources.length > 0)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        ...filled(apiGroups, "apiGroups"),
        ...filled(resources, "resources"),
        ...filled(resourceNames, "resourceNames"),
      })),
    nonResourceRules: rules
      .filter(({ nonResourceURLs }) => nonResourceURLs.length > 0)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: false,
  });
}

function subjectReview(request: ApiRequest): Answer {
  const { name: username, groups } = request.user;
  return answer("authentication.k8s.io/v1", "SelfSubjectReview", {}, { userInfo: { username, groups } });
}

/** POST serviceaccounts/NAME/token, as `kubectl create token` and the kubelet send it. */
export function issueToken(request: ResourceRequest, { access, store }: ApiContext): Answer {
  const { definition, namespace, name } = request.target;
  if (store.get("serviceaccounts", namespace, name) === undefined) throw notFound(definition, name);
  const spec = specOf(request);
  const seconds = typeof spec.expirationSeconds === "number" ? spec.expirationSeconds : 3600;
  const { token, expires } = access.issueToken(namespace, name, seconds);
  const audiences = list(spec.audiences);
  return answer(
    "authentication.k8s.io/v1",
    "TokenRequest",
    { audiences: audiences.length > 0 ? audiences : ["https://kubernetes.default.svc"], expirationSeconds: seconds },
    { token, expirationTimestamp: timestamp(expires) },
  );
}
