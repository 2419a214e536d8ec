/**
 * The stable codes of a verdict. Those of the adapter that this one replaces and those that Paperclip keys on are kept
 * as they are; the rest name causes for which neither had a code.
 */
export const VERDICT_CODES = [
  // What the agent itself said.
  "claude_auth_required",
  "model_not_found",
  "max_turns_exhausted",
  "provider_quota",
  "claude_transient_upstream",
  "claude_refusal",
  "claude_billing_error",
  "session_unavailable",
  "claude_poisoned_previous_message_id",
  "claude_unprocessable_image",
  "llm_api_error",
  "claude_error",
  // An agent that ended without a result.
  "claude_truncated",
  "claude_init_only",
  "claude_start_failed",
  // Ended from outside.
  "timeout",
  "claude_silent",
  "cancelled",
  "k8s_job_deleted_externally",
  "k8s_pod_deleted_externally",
  "k8s_job_suspended",
  "k8s_pod_disrupted",
  "k8s_out_of_memory",
  // Never ran.
  "k8s_queue_refused",
  "k8s_pod_schedule_failed",
  "k8s_agent_id_invalid",
  "k8s_config_invalid",
  "k8s_policy_refused",
  "k8s_policy_invalid",
  "k8s_kubeconfig_invalid",
  "k8s_prompt_too_large",
  "k8s_concurrent_run_blocked",
  "k8s_orphan_session_mismatch",
  "k8s_concurrency_guard_unreachable",
  "k8s_home_unusable",
  "k8s_workspace_missing",
  "k8s_workspace_claim_unusable",
  // Its workspace did not come.
  "k8s_checkout_git_missing",
  "k8s_checkout_login_required",
  "k8s_checkout_repository_missing",
  "k8s_checkout_repository_empty",
  "k8s_checkout_ref_missing",
  "k8s_checkout_disk_full",
  "k8s_checkout_untrusted",
  "k8s_checkout_unreachable",
  "k8s_checkout_occupied",
  "k8s_checkout_timeout",
  "k8s_checkout_failed",
  "k8s_setup_failed",
  "k8s_setup_timeout",
  "k8s_prompt_secret_create_failed",
  "k8s_job_create_failed",
  "k8s_pod_reattach_failed",
  // The adapter's own trouble.
  "k8s_job_state_mismatch",
  "k8s_observation_lost",
  "k8s_controller_detached",
  "k8s_adapter_fault",
] as const;

/** The family of causes of a failure. It says why, where the code says what the user is left with. */
export const FAILURE_KINDS = [
  // The agent's own result event says what went wrong.
  "agent-error",
  "out-of-memory",
  // The cluster took the pod: evicted, preempted, drained, node lost.
  "disrupted",
  "timeout",
  // It printed nothing for too long.
  "silent",
  "cancelled",
  // Somebody deleted or suspended the Job or its pod.
  "deleted",
  // The agent's container never ran.
  "start-failed",
  // The agent ended, or could not be observed any more, without a result.
  "truncated",
  "adapter-fault",
  // The run goes on without us.
  "detached",
] as const;

export type FailureKind = (typeof FAILURE_KINDS)[number];

export type VerdictCode = (typeof VERDICT_CODES)[number];

export function isVerdictCode(code: string): code is VerdictCode {
  return (VERDICT_CODES as readonly string[]).includes(code);
}
