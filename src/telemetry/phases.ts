/**
 * The phases of a run, in their order. Each lasts until the next one that this process sees begin; one that it does not
 * see (of a Job that was adopted, or that ended before) is left out. A pod that its queue takes back begins them anew with
 * `queue`.
 */
export const PHASES = [
  "prepare",
  "claim",
  "turn",
  "queue",
  "schedule",
  "pull",
  "start",
  "agent",
  "drain",
  "verdict",
] as const;

export type Phase = (typeof PHASES)[number];

/** When each begins. */
export const PHASE_BEGINNINGS: Readonly<Record<Phase, string>> = {
  prepare: "Paperclip has called",
  claim: "the run is planned; its slot is claimed, its Job and Secret are made",
  turn: "the Job waits for its turn, because the policy's `limits.jobs` is reached",
  queue: "the Job is in its queue (Kueue), and waits for it to be admitted",
  schedule: "the Job may run, and its pod waits for a node",
  pull: "the pod has a node: volumes, network, images, init containers",
  start: "the agent's container runs: the runner and Claude Code start",
  agent: "the agent has printed its first line",
  drain: "the agent has ended: the rest of its transcript, and the cluster's reasons",
  verdict: "the transcript is delivered: the verdict, and clean-up",
};
