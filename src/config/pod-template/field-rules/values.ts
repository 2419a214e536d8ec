/** Values that fields of several subjects have. */
import { isIP } from "node:net";
import { isDataKey, isDnsLabel, isDnsSubdomain, isLabelValue, isQualifiedName } from "../../kubernetes-formats.ts";
import { between, both, type FieldRule, keys, never, oneOf, text } from "./field-rule.ts";

/** The largest number that an int32 of the API holds. */
export const MAX = 2 ** 31 - 1;
export const positive = between(1, MAX);

export const notEmpty = text((value) => value !== "", "is empty");
export const subdomain = text(isDnsSubdomain, "is not a Kubernetes name (lower-case letters, digits, `-` and `.`)");
export const label = text(isDnsLabel, "is not a name of lower-case letters, digits and `-`, at most 63");
export const qualified = text(isQualifiedName, "is no qualified name (NAME or DOMAIN/NAME)");
export const dataKey = text(isDataKey, "is no key of a ConfigMap or Secret");
export const relative = text((path) => !path.startsWith("/") && !path.split("/").includes(".."), "is no relative path");
export const pullPolicy = oneOf("Always", "IfNotPresent", "Never");
export const ip = text((value) => isIP(value) > 0 && !value.includes("%"), "is no IP address");

const labelValues: FieldRule = (value) => {
  const bad = Object.values(value as object).find((one) => one !== null && !isLabelValue(String(one)));
  return bad === undefined ? null : `has the value ${JSON.stringify(bad)}, which is no label value`;
};
export const labels = both(keys(qualified), labelValues);

export const NEWER = never("it needs a feature that clusters do not have by default");
