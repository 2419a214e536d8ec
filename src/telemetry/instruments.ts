/**
 * Every instrument there is, declared once: from this table come what the host's OpenTelemetry gets, the Prometheus
 * endpoint, and docs/metrics.md. No label names a run, a task or an agent: series must stay few.
 */
import { FAILURE_KINDS, VERDICT_CODES } from "../run/shared/codes.ts";
import type { Instrument } from "./instrument.ts";
import { PHASES } from "./phases.ts";

/** Seconds, from a quick call to a pod that waits for a node. */
const PHASE_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14_400];
const RUN_BUCKETS = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200];
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const VERDICTS = ["completed", ...FAILURE_KINDS] as const;
const KIND = "The kind of verdict, as in `resultJson.verdict`";
const RESOURCE = "What was watched: `jobs` or `pods`";

export const INSTRUMENTS = {
  "claude_k8s.runs": {
    kind: "counter",
    unit: "{run}",
    description: "Runs that this process has ended or left.",
    labels: {
      verdict: { description: KIND, values: VERDICTS },
    },
  },
  "claude_k8s.run.failures": {
    kind: "counter",
    unit: "{run}",
    description: "Runs that did not complete, by their error code; one that was cancelled is among them.",
    labels: { code: { description: "The error code", values: VERDICT_CODES } },
  },
  "claude_k8s.runs.active": {
    kind: "updown",
    unit: "{run}",
    description: "Runs that this process looks after, by the phase they are in.",
    labels: { phase: { description: "See the phases", values: PHASES } },
  },
  "claude_k8s.run.duration": {
    kind: "histogram",
    unit: "s",
    description: "Time from Paperclip's call to the result.",
    labels: { verdict: { description: KIND, values: VERDICTS } },
    buckets: RUN_BUCKETS,
  },
  "claude_k8s.run.phase.duration": {
    kind: "histogram",
    unit: "s",
    description: "Time that a run spent in a phase, as this process saw it.",
    labels: { phase: { description: "See the phases", values: PHASES } },
    buckets: PHASE_BUCKETS,
  },
  "claude_k8s.run.adoptions": {
    kind: "counter",
    unit: "{run}",
    description: "Runs that took over a Job which was running already.",
    labels: {
      from: {
        description: "Whose it was: of this run, in an earlier process, or of a run that Paperclip had lost",
        values: ["earlier_process", "lost_run"],
      },
    },
  },
  "claude_k8s.run.requeues": {
    kind: "counter",
    unit: "{pod}",
    description:
      "Pods that their queue (Kueue) took back in the middle of their work; their runs go on with the next one.",
    labels: {},
  },
  "claude_k8s.run.limits": {
    kind: "counter",
    unit: "{run}",
    description: "Runs that met a bound of the operator's or of the agent's configuration.",
    labels: {
      limit: {
        description: "Which: refused by the policy; waited for a turn; or ended, or cut, by the setting of that name",
        values: ["policy", "jobs_at_once", "pod_start_timeout", "timeout", "silence", "max_turns", "transcript_bytes"],
      },
    },
  },
  "claude_k8s.transcripts": {
    kind: "counter",
    unit: "{transcript}",
    description: "Transcripts that were delivered, by what is proven of them.",
    labels: {
      state: {
        description: "Complete, with lines missing, or without a proof of either",
        values: ["complete", "missing", "unproven"],
      },
    },
  },
  "claude_k8s.transcript.lines": {
    kind: "counter",
    unit: "{line}",
    description: "Lines of agents' output that Paperclip has, counted when a run ends.",
    labels: {},
  },
  "claude_k8s.transcript.size": {
    kind: "counter",
    unit: "By",
    description: "Bytes of agents' output that were read, each line once, counted when a run ends.",
    labels: {},
  },
  "claude_k8s.transcript.lost_lines": {
    kind: "counter",
    unit: "{line}",
    description: "Lines of agents' output that Paperclip does not have.",
    labels: {
      cause: { description: "Nobody could read them, or Paperclip did not take them", values: ["lost", "undelivered"] },
    },
  },
  "claude_k8s.transcript.repeated_lines": {
    kind: "counter",
    unit: "{line}",
    description: "Lines that the log API sent again, and nobody saw twice, counted when a run ends.",
    labels: {},
  },
  "claude_k8s.transcript.gaps": {
    kind: "counter",
    unit: "{gap}",
    description: "Places where the log API left lines out.",
    labels: {
      outcome: { description: "Read from another source, or given up", values: ["refilled", "lost"] },
    },
  },
  "claude_k8s.transcript.reconnects": {
    kind: "counter",
    unit: "{stream}",
    description: "Log streams that broke or ended before their container did, and were opened again.",
    labels: {},
  },
  "claude_k8s.agent.tokens": {
    kind: "counter",
    unit: "{token}",
    description: "Tokens that agents used, as they reported them.",
    labels: {
      type: {
        description: "What they were used for; `input` has what was written to the cache",
        values: ["input", "cached_input", "output"],
      },
    },
  },
  "claude_k8s.agent.cost": {
    kind: "counter",
    unit: "USD",
    description: "What agents cost, as they reported it; nothing of a resumed session that reports only its total.",
    labels: {},
  },
  "claude_k8s.api.requests": {
    kind: "counter",
    unit: "{request}",
    description: "Requests to the API server.",
    labels: {
      verb: { description: "As RBAC has it" },
      resource: { description: "Plural, with its subresource" },
      code: {
        description: "The HTTP status; else `unreachable`, `timeout`, `credentials`, or `aborted` by the adapter",
      },
    },
  },
  "claude_k8s.api.request.duration": {
    kind: "histogram",
    unit: "s",
    description: "Time until the API server's answer began.",
    labels: { verb: { description: "As RBAC has it" } },
    buckets: REQUEST_BUCKETS,
  },
  "claude_k8s.api.retries": {
    kind: "counter",
    unit: "{request}",
    description: "Requests that failed and were made again.",
    labels: { verb: { description: "As RBAC has it" } },
  },
  "claude_k8s.watch.restarts": {
    kind: "counter",
    unit: "{connection}",
    description: "Connections of watches that ended and were opened again.",
    labels: {
      resource: { description: RESOURCE },
      reason: { description: "`closed` in order, as each hour; else `unreachable`, `timeout`, `status` or `protocol`" },
    },
  },
  "claude_k8s.watch.relists": {
    kind: "counter",
    unit: "{list}",
    description: "Times that a watch was given everything once more, because changes may have been missed.",
    labels: { resource: { description: RESOURCE } },
  },
  "claude_k8s.supervisor.sweeps": {
    kind: "counter",
    unit: "{sweep}",
    description: "Looks of the supervisor at one cluster and namespace.",
    labels: { outcome: { description: "Whether it could look", values: ["done", "failed"] } },
  },
  "claude_k8s.supervisor.actions": {
    kind: "counter",
    unit: "{action}",
    description: "What the supervisor did about Jobs that no run looks after.",
    labels: {
      action: {
        description: "Woke the agent of a lost run, asked a person, deleted what was left over, or stopped a Job",
        values: ["wake", "ask", "delete", "stop"],
      },
    },
  },
} as const satisfies Readonly<Record<string, Instrument>>;

type Table = typeof INSTRUMENTS;
export type InstrumentName = keyof Table;

type Named<K extends Instrument["kind"]> = {
  [N in InstrumentName]: Table[N]["kind"] extends K ? N : never;
}[InstrumentName];
/** Whatever is added to. */
export type CounterName = Named<"counter" | "updown">;
export type HistogramName = Named<"histogram">;

type ValueOf<L> = L extends { readonly values: readonly (infer V extends string)[] } ? V : string;
export type LabelsOf<N extends InstrumentName> = {
  readonly [L in keyof Table[N]["labels"]]: ValueOf<Table[N]["labels"][L]>;
};
