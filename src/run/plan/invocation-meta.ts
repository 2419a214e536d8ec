/** What the host's run record shows of the invocation: names and notes, never a secret value. */
import type { AdapterExecutionContext, AdapterInvocationMeta } from "@paperclipai/adapter-utils";
import type { Job } from "kubernetes-types/batch/v1";
import type { Prompt } from "../../paperclip/prompt.ts";
import { shownContext, shownEnvironment } from "../../paperclip/shown-invocation.ts";
import type { RunnerSpec } from "../../runner/spec.ts";
import { ADAPTER_TYPE, CONTAINER } from "../shared/names.ts";

export interface InvocationMetaInput {
  readonly ctx: Pick<AdapterExecutionContext, "agent" | "context">;
  readonly name: string;
  readonly namespace: string;
  readonly spec: RunnerSpec;
  readonly job: Job;
  /** The agent's, in its pod. */
  readonly workingDirectory: string;
  readonly prompt: Prompt;
  readonly notes: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Those of its variables that Paperclip sets for the run. */
  readonly aboutTheRun: ReadonlySet<string>;
}

export function invocationMeta(input: InvocationMetaInput): AdapterInvocationMeta {
  const agent = input.job.spec?.template.spec?.containers.find(({ name }) => name === CONTAINER);
  const { timeoutSec } = input.spec;
  return {
    adapterType: ADAPTER_TYPE,
    command: `kubectl job/${input.name}`,
    cwd: input.workingDirectory,
    commandArgs: input.spec.command.map((word) => (typeof word === "string" ? word : word.runFile)),
    commandNotes: [
      `Image: ${agent?.image}`,
      `Namespace: ${input.namespace}`,
      `Timeout: ${timeoutSec > 0 ? `${timeoutSec} s` : "none"}`,
      `Environment: in Secret ${input.name}, which goes with the Job`,
      ...input.notes,
    ],
    env: shownEnvironment(input.environment, input.aboutTheRun, input.ctx.agent),
    prompt: input.prompt.text,
    promptMetrics: { ...input.prompt.metrics },
    context: shownContext(input.ctx.context),
  };
}
