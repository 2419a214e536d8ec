/**
 * A bundle: an immutable Secret with files that several runs of a company have alike, named by its content. The pod finds its
 * files in the run's directory, beside those of the run's own Secret.
 *
 * Nobody needs the right to delete Secrets for it: a Job without pods owns it, its holder, of the same name. That is finished
 * at birth, so that the cluster itself removes it after its TTL, and the bundle with it. Who needs the bundle for longer
 * raises the TTL.
 */
import type { Job } from "kubernetes-types/batch/v1";
import type { KeyToPath, Secret, Volume } from "kubernetes-types/core/v1";
import type { Installation } from "../../../paperclip/installation.ts";
import { ADAPTER_TYPE, ANNOTATIONS, CONTAINER, isBundle, LABELS, labelValue } from "../../shared/names.ts";
import { runSecret, type SecretContent } from "../secret.ts";

export interface Bundle extends SecretContent {
  /** Of the Secret, and of the Job that holds it. */
  readonly name: string;
}

/** What the objects of a bundle are made from beside it. */
export interface BundleOwner {
  readonly installation: Installation;
  readonly namespace: string;
  readonly identity: { readonly companyId: string };
  /** Of a run that needs it: a policy of the cluster that takes its container takes the holder's, which never runs. */
  readonly job: Job;
}

/** Readable by the pod's one user, who owns none of the files and has no fsGroup. */
export function runVolume(
  secretName: string,
  files: readonly KeyToPath[],
  bundles: readonly Pick<Bundle, "name" | "items">[],
): Volume {
  const sources = [{ name: secretName, items: files }, ...bundles].map(({ name, items }) => ({
    secret: { name, items: [...items] },
  }));
  return { name: "run", projected: { sources, defaultMode: 0o444 } };
}

/** The names of those that the Job's pod needs. */
export function bundlesOf(job: Job): readonly string[] {
  const sources = (job.spec?.template.spec?.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  return sources.flatMap(({ secret }) => (secret?.name && isBundle(secret.name) ? [secret.name] : []));
}

/** Without owner: its creator adds the holder. */
export function bundleSecret({ name, data }: Bundle, owner: BundleOwner): Secret {
  return runSecret(name, owner.namespace, { ...labelsOf(owner), [LABELS.adapterType]: ADAPTER_TYPE }, data);
}

/** @param ttlSec seconds from its creation for which it is there at least */
export function bundleHolder(name: string, owner: BundleOwner, ttlSec: number): Job {
  const { namespace, installation, job } = owner;
  const labels = labelsOf(owner);
  const pod = job.spec?.template.spec;
  const agent = pod?.containers.find((container) => container.name === CONTAINER);
  const { image, imagePullPolicy, resources, securityContext } = agent ?? {};
  const given = Object.entries({ image, imagePullPolicy, resources, securityContext });
  const signature = installation.sign(signedText(name, namespace));
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name,
      namespace,
      labels,
      ...(signature === null ? {} : { annotations: { [ANNOTATIONS.signature]: signature } }),
    },
    spec: {
      completions: 0,
      parallelism: 0,
      backoffLimit: 0,
      ttlSecondsAfterFinished: ttlSec,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: "Never",
          automountServiceAccountToken: false,
          ...(pod?.securityContext ? { securityContext: pod.securityContext } : {}),
          containers: [{ name: CONTAINER, ...Object.fromEntries(given.filter(([, value]) => value !== undefined)) }],
        },
      },
    },
  };
}

/** No run's selector finds them. */
const labelsOf = ({ installation, identity }: BundleOwner): Record<string, string> => {
  const company = labelValue(identity.companyId);
  return {
    [LABELS.managedBy]: "paperclip",
    [LABELS.component]: "bundle",
    [LABELS.instance]: installation.label,
    ...(company === null ? {} : { [LABELS.companyId]: company }),
  };
};

const signedText = (name: string, namespace: string): string => JSON.stringify(["bundle", namespace, name]);

/** A server of this Paperclip made the Job, and it never has a pod; without a secret nothing is signed. */
export function isHolder({ metadata, spec }: Job, installation: Installation): boolean {
  const signature = metadata?.annotations?.[ANNOTATIONS.signature] ?? "";
  const text = signedText(metadata?.name ?? "", metadata?.namespace ?? "");
  return spec?.completions === 0 && (!installation.hasSecret || installation.hasSigned(text, signature));
}

/** Whether the Secret has what the bundle has, and nobody can change it. */
export function hasContentOf({ data = {}, immutable }: Secret, bundle: Bundle): boolean {
  const wanted = Object.entries(bundle.data);
  return (
    immutable === true &&
    Object.keys(data).length === wanted.length &&
    wanted.every(([key, bytes]) => data[key] === Buffer.from(bytes as Uint8Array).toString("base64"))
  );
}
