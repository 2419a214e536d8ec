import { list, type Plain, plain } from "../../store/plain.ts";
import type { KubeObject } from "../../types.ts";
import type { Complaints } from "./errors.ts";

const OPERATIONS = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];

export function validateWebhooks({ webhooks }: KubeObject, complaints: Complaints): void {
  const names = new Set<string>();
  for (const [i, webhook] of list(webhooks).map(plain).entries()) {
    const at = `webhooks[${i}]`;
    const name = String(webhook.name ?? "");
    if (name === "") complaints.required(`${at}.name`);
    else if (name.split(".").length < 3) {
      complaints.invalid(`${at}.name`, name, "should be a domain with at least three segments separated by dots");
    } else if (names.has(name)) complaints.duplicate(`${at}.name`, name);
    names.add(name);
    validateWebhook(webhook, at, complaints);
  }
}

function validateWebhook(webhook: Plain, at: string, complaints: Complaints): void {
  const { clientConfig, sideEffects, admissionReviewVersions, failurePolicy, timeoutSeconds, rules } = webhook;
  const { url, service } = plain(clientConfig);
  if ((url === undefined) === (service === undefined)) {
    complaints.required(`${at}.clientConfig`, "exactly one of url or service is required");
  }
  if (typeof url === "string" && !url.startsWith("https://")) {
    const why = "'https' is the only allowed URL scheme; desired format: https://host[/path]";
    complaints.invalid(`${at}.clientConfig.url`, url.split(":")[0], why);
  }
  if (sideEffects === undefined) complaints.required(`${at}.sideEffects`);
  complaints.oneOf(`${at}.sideEffects`, sideEffects, ["None", "NoneOnDryRun"]);
  complaints.oneOf(`${at}.failurePolicy`, failurePolicy, ["Fail", "Ignore"]);
  if (list(admissionReviewVersions).length === 0) complaints.required(`${at}.admissionReviewVersions`);
  if (typeof timeoutSeconds === "number" && (timeoutSeconds < 1 || timeoutSeconds > 30)) {
    complaints.invalid(`${at}.timeoutSeconds`, timeoutSeconds, "the timeout value must be between 1 and 30 seconds");
  }
  for (const [j, rule] of list(rules).map(plain).entries()) {
    for (const [k, operation] of list(rule.operations).entries()) {
      complaints.oneOf(`${at}.rules[${j}].operations[${k}]`, operation, OPERATIONS);
    }
  }
  // Not the server's words: it would evaluate them.
  if (list(webhook.matchConditions).length > 0) {
    complaints.forbidden(`${at}.matchConditions`, "the devcluster evaluates no CEL");
  }
}
