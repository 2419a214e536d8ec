/** One thing that the environment test looks at. */
import type { AdapterEnvironmentCheck } from "@paperclipai/adapter-utils";
import type { ParsedAgentConfig } from "../config/agent-config.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import type { HostPod } from "../paperclip/host-pod.ts";

export interface CheckContext {
  readonly agent: ParsedAgentConfig;
  readonly client: KubernetesClient;
  /** Namespace of the Jobs. */
  readonly namespace: string;
  /** Paperclip's address as pods are told; null = none. */
  readonly apiUrl: string | null;
  /** Paperclip's own pod; null when Paperclip does not run in this cluster. */
  readonly hostPod: HostPod | null;
}

/** Never rejects for what it looks at: a failure is what it reports. */
export type Check = (context: CheckContext) => Promise<AdapterEnvironmentCheck[]>;

export const info = (code: string, message: string): AdapterEnvironmentCheck => ({ code, level: "info", message });

export const problem = (
  level: "warn" | "error",
  code: string,
  message: string,
  hint: string,
): AdapterEnvironmentCheck => ({ code, level, message, hint });

export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
