/** What the server's answers hold, as far as we rely on it (2026.916.1). */
export type Json = Record<string, unknown>;

export interface Health {
  readonly status: string;
  readonly startupRecovery?: { readonly phase: string };
}

export interface Named {
  readonly id: string;
  readonly name: string;
}

export interface Company extends Named {
  readonly issuePrefix?: string;
}

export interface Agent extends Named {
  readonly adapterType: string;
  readonly adapterConfig: Json;
  readonly urlKey?: string;
  readonly status: string;
}

export interface Issue {
  readonly id: string;
  readonly identifier: string | null;
  readonly title: string;
  readonly status: string;
  readonly executionBlocker?: { readonly recoveryActionId?: string; readonly [key: string]: unknown } | null;
}

export interface Comment {
  readonly id: string;
  readonly body: string;
  readonly authorAgentId: string | null;
}

export type RunStatus =
  | "queued"
  | "scheduled_retry"
  | "running"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "timed_out"
  | "interrupted";

export interface Run {
  readonly id: string;
  readonly agentId: string;
  readonly status: RunStatus;
  readonly error: string | null;
  readonly errorCode: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly usageJson: Json | null;
  readonly resultJson: Json | null;
  readonly contextSnapshot: Json | null;
  readonly retryOfRunId: string | null;
  readonly scheduledRetryAt: string | null;
  /** Until when its server's word counts; renewed every 10 s while that lives. */
  readonly controllerLeaseExpiresAt: string | null;
  /** The server's process that holds it; another one once it is lost. */
  readonly controllerBootId: string | null;
  readonly scheduledRetryReason: string | null;
  readonly sessionIdBefore: string | null;
  readonly sessionIdAfter: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

export interface RunEvent {
  readonly seq: number;
  readonly eventType: string;
  readonly message: string | null;
  readonly level: string | null;
  readonly payload: Json | null;
}

export interface LogEntry {
  readonly ts: string;
  readonly stream: "stdout" | "stderr" | "system";
  readonly chunk: string;
}

export interface AdapterInfo {
  readonly type: string;
  readonly label: string;
  readonly source: string;
  readonly loaded: boolean;
  readonly disabled: boolean;
  readonly modelsCount: number;
  readonly version?: string;
  readonly isLocalPath?: boolean;
  readonly capabilities: Json;
}

export interface ConfigField {
  readonly key: string;
  readonly label: string;
  readonly meta?: Json;
  readonly type: string;
  readonly hint?: string;
}

export interface EnvironmentTest {
  readonly status: string;
  readonly checks: readonly {
    readonly code: string;
    readonly level: string;
    readonly message: string;
    readonly hint?: string;
  }[];
}

export const isOver = ({ status }: Pick<Run, "status">): boolean =>
  status !== "queued" && status !== "running" && status !== "scheduled_retry";
