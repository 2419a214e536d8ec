/** Values of the pod's settings that are ours, not Kubernetes'. */
import { X509Certificate } from "node:crypto";
import { z } from "zod";
import { isDnsSubdomain } from "./kubernetes-formats.ts";

const MAX_ID = 2 ** 31 - 1;

/** Left to the cluster, as OpenShift has it. */
export const CLUSTERS_USER = "cluster";

/** `cluster`, `UID` or `UID:GID`; never root. */
export const podUser = z
  .union([z.string(), z.number()], { error: "is neither `cluster` nor a number" })
  .transform((given) => String(given).trim())
  .refine((text) => text === CLUSTERS_USER || /^\d{1,10}(:\d{1,10})?$/.test(text), {
    error: "is neither `cluster`, a number, nor UID:GID",
  })
  .refine((text) => text === CLUSTERS_USER || text.split(":").every((id) => Number(id) <= MAX_ID), {
    error: `has a number above ${MAX_ID}`,
  })
  .refine((text) => text === CLUSTERS_USER || text.split(":").every((id) => Number(id) > 0), {
    error: "is root, as which agents do not run",
  });

/** The ids of such a value; null where the cluster chooses. */
export function userIds(text: string): { readonly uid: number; readonly gid: number } | null {
  if (text === CLUSTERS_USER) return null;
  const [uid = 0, gid = uid] = text.split(":").map(Number);
  return { uid, gid };
}

const CONFIG_MAP = /^configmap\/(.+)$/;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
/** Characters: it shares the run's Secret, which holds a mebibyte, with skills and prompt. */
const LONGEST = 256_000;

/** The name of the ConfigMap that such a value has; null for certificates as text. */
export const configMapOf = (caBundle: string): string | null => CONFIG_MAP.exec(caBundle.trim())?.[1] ?? null;

/** Certificates as PEM, or `configmap/NAME`. */
export const caBundle = z.string({ error: "is not text" }).superRefine((text, context) => {
  const issue = (message: string): void => context.addIssue({ code: "custom", message });
  const name = configMapOf(text);
  if (name !== null) {
    if (!isDnsSubdomain(name)) issue("names no ConfigMap (configmap/NAME)");
    return;
  }
  const problem = certificatesProblem(text);
  if (problem !== null) issue(problem);
});

/** What is wrong with certificates as PEM; null for nothing. */
export function certificatesProblem(text: string): string | null {
  if (text.length > LONGEST) return `is longer than ${LONGEST} characters; put it into a ConfigMap (configmap/NAME)`;
  if (text.includes("PRIVATE KEY")) return "holds a private key, which does not belong there";
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) return "holds no certificate (-----BEGIN CERTIFICATE-----)";
  const broken = certificates.findIndex((pem) => !isCertificate(pem));
  return broken < 0 ? null : `cannot be read at its certificate ${broken + 1}`;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}
