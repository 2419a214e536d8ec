import { list, type Plain, plain } from "../../store/plain.ts";
import { type ContainerContext, validateContainer, validateSecurity } from "./container.ts";
import type { Complaints } from "./errors.ts";
import { dnsSubdomain } from "./formats.ts";
import { validateLabels } from "./meta.ts";
import { validateVolumes } from "./volume.ts";

const MAX_INT32 = 2 ** 31 - 1;
const POLICIES = ["Always", "OnFailure", "Never"];

export function validatePodSpec(spec: Plain, at: string, complaints: Complaints): void {
  const volumes = validateVolumes(list(spec.volumes).map(plain), `${at}.volumes`, complaints);
  const context: ContainerContext = { volumes, taken: new Set() };
  const containers = list(spec.containers);
  if (containers.length === 0) complaints.required(`${at}.containers`);
  for (const [i, container] of containers.entries()) {
    validateContainer(plain(container), `${at}.containers[${i}]`, context, complaints);
  }
  for (const [i, container] of list(spec.initContainers).entries()) {
    validateContainer(plain(container), `${at}.initContainers[${i}]`, context, complaints);
  }
  for (const [i, container] of list(spec.ephemeralContainers).entries()) {
    validateContainer(plain(container), `${at}.ephemeralContainers[${i}]`, context, complaints);
  }
  complaints.oneOf(`${at}.restartPolicy`, spec.restartPolicy, POLICIES);
  complaints.oneOf(`${at}.dnsPolicy`, spec.dnsPolicy, ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]);
  complaints.atLeast(`${at}.terminationGracePeriodSeconds`, spec.terminationGracePeriodSeconds, 0);
  complaints.between(`${at}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, 1, MAX_INT32);
  validateLabels(`${at}.nodeSelector`, spec.nodeSelector, complaints);
  validateSecurity(plain(spec.securityContext), `${at}.securityContext`, complaints);
  if (typeof spec.serviceAccountName === "string" && spec.serviceAccountName !== "") {
    const wrong = dnsSubdomain(spec.serviceAccountName);
    if (wrong !== undefined) complaints.invalid(`${at}.serviceAccountName`, spec.serviceAccountName, wrong);
  }
  for (const [i, toleration] of list(spec.tolerations).entries()) {
    validateToleration(plain(toleration), `${at}.tolerations[${i}]`, complaints);
  }
}

function validateToleration(toleration: Plain, at: string, complaints: Complaints): void {
  const { key, operator, value, effect, tolerationSeconds } = toleration;
  if (!key && operator !== "Exists") {
    complaints.invalid(
      `${at}.operator`,
      operator ?? "",
      'operator must be Exists when `key` is empty, which means "match all values and all keys"',
    );
  }
  if (operator === "Exists" && value) {
    complaints.invalid(`${at}.operator`, toleration, "value must be empty when `operator` is 'Exists'");
  }
  if (operator !== "") complaints.oneOf(`${at}.operator`, operator, ["Equal", "Exists"]);
  if (effect !== "") complaints.oneOf(`${at}.effect`, effect, ["NoSchedule", "PreferNoSchedule", "NoExecute"]);
  if (tolerationSeconds !== undefined && effect !== "NoExecute") {
    complaints.invalid(`${at}.effect`, effect ?? "", "effect must be 'NoExecute' when `tolerationSeconds` is set");
  }
}
