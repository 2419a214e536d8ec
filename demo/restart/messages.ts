/** What the demo and the process that stands for Paperclip's server say to each other. */
import type { AdapterExecutionContext, AdapterExecutionResult, RuntimeStatusUpdate } from "@paperclipai/adapter-utils";

/** A run's context without what only one process can have. */
export type RunData = Pick<AdapterExecutionContext, "runId" | "agent" | "runtime" | "config" | "context">;

export type ToServer =
  | { readonly kind: "execute"; readonly run: RunData }
  | { readonly kind: "cancel"; readonly reason: string };

export type FromServer =
  | { readonly kind: "log"; readonly stream: "stdout" | "stderr"; readonly chunk: string }
  | { readonly kind: "progress"; readonly update: RuntimeStatusUpdate }
  | { readonly kind: "result"; readonly result: AdapterExecutionResult };
