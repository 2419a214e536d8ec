/** What the host's run record shows of the invocation: names and notes, never a secret value. */
import type { AdapterInvocationMeta } from "@paperclipai/adapter-utils";
import type { Job } from "kubernetes-types/batch/v1";
import type { Prompt } from "../../paperclip/prompt.ts";
import type { RunnerSpec } from "../../runner/spec.ts";
import { ADAPTER_TYPE } from "../shared/names.ts";

export interface InvocationMetaInput {
  readonly name: string;
  readonly namespace: string;
  readonly spec: RunnerSpec;
  readonly job: Job;
  readonly prompt: Prompt;
  readonly notes: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export function invocationMeta(input: InvocationMetaInput): AdapterInvocationMeta {
  const pod = input.job.spec?.template.spec;
  const { timeoutSec } = input.spec;
  return {
    adapterType: ADAPTER_TYPE,
    command: `kubectl job/${input.name}`,
    cwd: input.namespace,
    commandArgs: input.spec.command.map((word) => (typeof word === "string" ? word : word.runFile)),
    commandNotes: [
      `Image: ${pod?.containers[0]?.image}`,
      `Namespace: ${input.namespace}`,
      `Timeout: ${timeoutSec > 0 ? `${timeoutSec} s` : "none"}`,
      `Environment, in Secret ${input.name}: ${Object.keys(input.environment).sort().join(", ")}`,
      ...input.notes,
    ],
    prompt: input.prompt.text,
    promptMetrics: { ...input.prompt.metrics },
  };
}
