import { list, plain } from "../../store/plain.ts";
import type { KubeObject } from "../../types.ts";
import { badRequest } from "../api-error.ts";
import type { ResourceDefinition } from "../resources.ts";
import { defaultJob } from "./job.ts";
import { defaultPodSpec, defaultRequests } from "./pod-spec.ts";

/** Fills in what the client left out; only ever fills holes, so that it may run on every write. */
export function applyDefaults(object: KubeObject, { name }: ResourceDefinition): void {
  switch (name) {
    case "pods": {
      const spec = plain((object.spec ??= {}));
      defaultPodSpec(spec);
      spec.enableServiceLinks ??= true;
      defaultRequests(spec);
      return;
    }
    case "jobs":
      return defaultJob(object);
    case "secrets":
      return defaultSecret(object);
    case "namespaces": {
      plain((object.spec ??= {})).finalizers ??= ["kubernetes"];
      object.metadata.labels = { ...object.metadata.labels, "kubernetes.io/metadata.name": object.metadata.name };
      return;
    }
    case "persistentvolumeclaims": {
      plain((object.spec ??= {})).volumeMode ??= "Filesystem";
      return;
    }
    case "rolebindings":
    case "clusterrolebindings":
      return defaultBinding(object);
  }
}

function defaultSecret(secret: KubeObject): void {
  secret.type ??= "Opaque";
  if (secret.stringData === undefined) return;
  const encoded = Object.entries(plain(secret.stringData)).map(([key, value]) => {
    if (typeof value !== "string") throw badRequest(`stringData.${key} is not a string`);
    return [key, Buffer.from(value).toString("base64")] as const;
  });
  secret.data = { ...plain(secret.data), ...Object.fromEntries(encoded) };
  delete secret.stringData;
}

function defaultBinding(binding: KubeObject): void {
  const GROUP = "rbac.authorization.k8s.io";
  const ref = plain(binding.roleRef);
  if (Object.keys(ref).length > 0) ref.apiGroup ||= GROUP;
  for (const subject of list(binding.subjects).map(plain)) {
    if (subject.kind === "User" || subject.kind === "Group") subject.apiGroup ||= GROUP;
  }
}
