/**
 * The plan of a probe: the agent's own image, environment, home, placement and security, with a prompt of one line, one
 * turn and a short life. Its labels are a run's and one more, by which no run and no supervisor takes it for a run's;
 * policies that know a run's pod by its labels know this one too.
 */
import type { AgentConfig } from "../../config/agent-config.ts";
import { probeScript } from "../../runner/scripts.generated.ts";
import { RUN_FILES } from "../../runner/spec.ts";
import { LABELS } from "../shared/names.ts";
import { SCRATCH } from "./home.ts";
import type { PlanInput } from "./plan-input.ts";
import { planRun, type RunPlan } from "./run-plan.ts";

export interface ProbeSettings {
  /** Seconds from the probe's start to its answer. */
  readonly limitSec: number;
}

/** As Paperclip's claude_local asks. */
const PROMPT = "Respond with hello.";
/** Seconds that the cluster keeps a probe's Job when its process died before removing it: enough to read its log. */
const TTL_SEC = 30;
/** Seconds after the probe's limit at which the cluster itself ends a Job whose process died. */
const DEADLINE_MARGIN_SEC = 30;
/** Claude Code's ten attempts on a refused key take longer than a person waits for a test (measured: over 150 s). */
const RETRIES = "1";

/** Throws ConfigError as `planRun` does. */
export function planProbe(input: PlanInput, { limitSec }: ProbeSettings): RunPlan {
  const plan = planRun({
    ...input,
    // A hello needs no recorder of its own.
    agent: {
      ...input.agent,
      policy: { ...input.agent.policy, recorder: "same" },
      config: probeConfig(input.agent.config, limitSec),
    },
    scripts: { ...input.scripts, [RUN_FILES.probe]: probeScript },
    wrapper: RUN_FILES.probe,
  });
  const { job, secret } = plan;
  const { spec } = job;
  if (!spec) return plan;
  const mark = { [LABELS.probe]: "hello" };
  const { metadata } = spec.template;
  const template = { ...spec.template, metadata: { ...metadata, labels: { ...metadata?.labels, ...mark } } };
  return {
    ...plan,
    job: {
      ...job,
      metadata: { ...job.metadata, labels: { ...job.metadata?.labels, ...mark } },
      spec: { ...spec, activeDeadlineSeconds: limitSec + DEADLINE_MARGIN_SEC, template },
    },
    secret: { ...secret, metadata: { ...secret.metadata, labels: { ...secret.metadata?.labels, ...mark } } },
  };
}

function probeConfig(config: AgentConfig, limitSec: number): AgentConfig {
  return {
    ...config,
    promptTemplate: PROMPT,
    bootstrapPromptTemplate: null,
    maxTurnsPerRun: 1,
    // Where nothing is kept: Claude Code files its sessions by working directory, and those of the agent's tasks are elsewhere.
    cwd: SCRATCH,
    workspace: "empty",
    setup: null,
    env: {
      ...config.env,
      CLAUDE_CODE_MAX_RETRIES: RETRIES,
      ...(config.cwd === null ? {} : { CLAUDE_K8S_PROBE_FOLDER: config.cwd }),
    },
    timeoutSec: limitSec,
    graceSec: 1,
    podStartTimeoutSec: limitSec,
    // A person waits for it, and a queue may be full.
    queue: null,
    queueTimeoutSec: 0,
    ttlSecondsAfterFinished: TTL_SEC,
    retainJobs: false,
  };
}
