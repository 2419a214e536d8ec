/** How names, keys and amounts are written, as the API server checks them (apimachinery's validation, 1.36). */
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
const NAME_PART = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const QUANTITY = /^(\d+(\.\d*)?|\.\d+)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE]\d{1,2})?$/;

export const isDnsLabel = (text: string): boolean => text.length <= 63 && LABEL.test(text);
export const isDnsSubdomain = (text: string): boolean => text.length <= 253 && SUBDOMAIN.test(text);
export const isLabelValue = (text: string): boolean => text.length <= 63 && LABEL_VALUE.test(text);
export const isQuantity = (text: string): boolean => text.length <= 64 && QUANTITY.test(text);

/** `NAME` or `PREFIX/NAME`: keys of labels and annotations, conditions, resources. */
export function isQualifiedName(text: string): boolean {
  const parts = text.split("/");
  const name = parts.pop() ?? "";
  const [prefix] = parts;
  if (parts.length > 1 || (prefix !== undefined && !isDnsSubdomain(prefix))) return false;
  return name.length <= 63 && NAME_PART.test(name);
}

/** Of an annotation's key the case of the prefix does not count either. */
export const isAnnotationKey = (text: string): boolean => isQualifiedName(text.toLowerCase());

/** Of a variable in a container: any printable ASCII but `=` (since 1.34; the agent's own are held to less). */
export const isVariableName = (text: string): boolean => /^[ -<>-~]+$/.test(text);

/** A key of a Secret or ConfigMap. */
export const isDataKey = (text: string): boolean =>
  text.length <= 253 && /^[-._a-zA-Z0-9]+$/.test(text) && text !== "." && !text.startsWith("..");

const UNITS: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** A quantity as a number, for comparing two. */
export function amountOf(text: string): number {
  const unit = /[a-zA-Z]+$/.exec(text)?.[0];
  return unit && Object.hasOwn(UNITS, unit) ? Number(text.slice(0, -unit.length)) * (UNITS[unit] ?? 1) : Number(text);
}

/** Of `hugepages-SIZE` a container is given whole pages. */
export function isWholePages(name: string, amount: string): boolean {
  const [, size] = /^hugepages-(.+)$/.exec(name) ?? [];
  return size === undefined || amountOf(amount) % amountOf(size) === 0;
}

/** What Kubernetes knows of its own, and may be overcommitted. */
const NATIVE = ["cpu", "memory", "ephemeral-storage"];

export const isNativeResource = (name: string): boolean => NATIVE.includes(name);

/**
 * Another resource that a container may ask for: `hugepages-SIZE`, or `DOMAIN/NAME` of a device plugin. Of these a container
 * gets what it asks for, and no more: request and limit are one, and a whole number.
 */
export function isOtherResource(name: string): boolean {
  if (/^hugepages-/.test(name)) return isQuantity(name.slice("hugepages-".length));
  const domain = name.split("/")[0] ?? "";
  if (!name.includes("/") || domain === "kubernetes.io" || domain.endsWith(".kubernetes.io")) return false;
  // Quota names it `requests.DOMAIN/NAME`, which must be a qualified name as well.
  return !name.startsWith("requests.") && isQualifiedName(name) && isQualifiedName(`requests.${name}`);
}
