import type { Container } from "kubernetes-types/core/v1";

/** An init container that the others do not wait for, and that ends after them. */
export function isSidecar(container: Container | undefined): boolean {
  // The types are older than the field.
  return (container as { restartPolicy?: string } | undefined)?.restartPolicy === "Always";
}
