import type { ObjectRules } from "../store/rules.ts";
import type { KubeObject } from "../types.ts";
import { admitClaim, admitResize } from "./admission/claim.ts";
import { admitLimitRanges } from "./admission/limit-range.ts";
import { admitNamespace } from "./admission/namespace.ts";
import { admitPod } from "./admission/pod.ts";
import { admitPodSecurity } from "./admission/pod-security.ts";
import { admitQuotas } from "./admission/quota.ts";
import { ApiError } from "./api-error.ts";
import { applyDefaults } from "./defaults/index.ts";
import { prepareNew } from "./defaults/prepare.ts";
import { validateCreate, validateUpdate } from "./validation/index.ts";

/** etcd's limit for one object; measured on 1.36 as a 500. */
const MAX_OBJECT = 1.5 * 1024 * 1024;

/** Defaults, admission that changes, validation, admission that only judges: the order of a real API server. */
export const standardRules: ObjectRules = {
  create(draft, context) {
    const { resource } = context;
    applyDefaults(draft, resource);
    admitNamespace(draft, context);
    if (resource.name === "pods") {
      admitPod(draft, context);
      admitLimitRanges(draft, context);
    }
    if (resource.name === "persistentvolumeclaims") admitClaim(draft, context);
    prepareNew(draft, resource);
    validateCreate(draft, resource);
    if (resource.name === "pods" || resource.name === "jobs") admitPodSecurity(draft, context);
    admitQuotas(draft, context);
    checkSize(draft);
  },
  update(draft, old, context) {
    const { resource, subresource } = context;
    if (subresource === "status") return;
    applyDefaults(draft, resource);
    validateUpdate(draft, old, resource, subresource);
    if (resource.name === "persistentvolumeclaims") admitResize(draft, old, context);
    if (subresource === "ephemeralcontainers") admitPodSecurity(draft, context);
    checkSize(draft);
  },
};

function checkSize(object: KubeObject): void {
  if (Buffer.byteLength(JSON.stringify(object)) > MAX_OBJECT) {
    throw new ApiError(500, "", "etcdserver: request is too large");
  }
}
