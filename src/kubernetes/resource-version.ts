import type { ObjectMeta } from "kubernetes-types/meta/v1";

/**
 * True when `one` is an earlier state of the object `other`. resourceVersions are decimal numbers that grow (guaranteed
 * from 1.35 on, true before); what is none is never older.
 */
export function isOlder(one: { metadata?: ObjectMeta }, other: { metadata?: ObjectMeta } | null): boolean {
  if (one.metadata?.uid !== other?.metadata?.uid) return false;
  const versions = [one, other].map((object) => object?.metadata?.resourceVersion ?? "");
  const [a = "", b = ""] = versions;
  return versions.every((version) => /^\d{1,19}$/.test(version)) && BigInt(a) < BigInt(b);
}
