import type { CallOptions } from "./call-options.ts";
import type { KubernetesClient } from "./client.ts";
import { selfSubjectAccessReviews } from "./resource-types.ts";

/** One right that a Role may grant. */
export interface Right {
  readonly verb: string;
  /** Empty for the core group, such as that of Pods. */
  readonly group: string;
  /** Plural, with the subresource: `pods/log`. */
  readonly resource: string;
  /** undefined = cluster-wide. */
  readonly namespace?: string | undefined;
}

export interface MissingRight {
  readonly right: Right;
  /** `create jobs.batch in namespace "x"` */
  readonly sentence: string;
  /** The authorizer's reason, if it gave one. */
  readonly reason?: string;
}

/**
 * Asks the API server which of these rights this client lacks (every authenticated user may ask that). Throws ApiError
 * when it cannot be found out.
 */
export async function missingRights(
  client: KubernetesClient,
  rights: readonly Right[],
  options: CallOptions = {},
): Promise<MissingRight[]> {
  const answers = await Promise.all(rights.map((right) => review(client, right, options)));
  return answers.flatMap((answer) => answer ?? []);
}

async function review(client: KubernetesClient, right: Right, options: CallOptions): Promise<MissingRight | undefined> {
  const [resource = "", subresource] = right.resource.split("/");
  const resourceAttributes = {
    verb: right.verb,
    group: right.group,
    resource,
    ...(subresource !== undefined && { subresource }),
    ...(right.namespace !== undefined && { namespace: right.namespace }),
  };
  const { status } = await client.create(
    selfSubjectAccessReviews,
    undefined,
    { spec: { resourceAttributes } },
    options,
  );
  if (status?.allowed) return undefined;
  return { right, sentence: nameOf(right), ...(status?.reason && { reason: status.reason }) };
}

/** As `kubectl auth can-i` puts it: verb, resource with its group, namespace. */
export function nameOf(right: Right): string {
  const [resource, subresource] = right.resource.split("/");
  const grouped = right.group === "" ? resource : `${resource}.${right.group}`;
  const where = right.namespace === undefined ? "" : ` in namespace "${right.namespace}"`;
  return `${right.verb} ${grouped}${subresource === undefined ? "" : `/${subresource}`}${where}`;
}
