/** What the single checks come to. Pure. */
import type { AdapterEnvironmentCheck, AdapterEnvironmentTestStatus } from "@paperclipai/adapter-utils";

export function statusOf(checks: readonly AdapterEnvironmentCheck[]): AdapterEnvironmentTestStatus {
  if (checks.some(({ level }) => level === "error")) return "fail";
  return checks.some(({ level }) => level === "warn") ? "warn" : "pass";
}

/** What a pod has shown, and which conclusions from outside that makes void. */
const DISPROVES: Readonly<Record<string, readonly string[]>> = {
  // The credential came from where nobody could look: the image, a claim, a settings file.
  claude_hello_probe_passed: ["claude_credentials_missing", "claude_credentials_unseen"],
  claude_hello_probe_unexpected_output: ["claude_credentials_missing", "claude_credentials_unseen"],
  k8s_api_url_answers: ["k8s_api_url", "k8s_api_url_unreachable"],
  k8s_api_url_no_answer: ["k8s_api_url"],
};

export function conclusive(checks: readonly AdapterEnvironmentCheck[]): AdapterEnvironmentCheck[] {
  const disproved = new Set(checks.flatMap(({ code }) => DISPROVES[code] ?? []));
  return checks.filter(({ code }) => !disproved.has(code));
}
