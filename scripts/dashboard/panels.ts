/** What deploy/dashboards/claude-k8s.json shows: rows of panels, each with its queries. */

export interface Query {
  /** PromQL; `$__rate_interval` is Grafana's. */
  readonly expr: string;
  /** Grafana's form: `{{label}}`. */
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  /** What it shows, and what to think when it changes. */
  readonly description: string;
  /** Grafana's unit id. */
  readonly unit: string;
  readonly stacked?: boolean;
  readonly queries: readonly Query[];
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const rate = (metric: string, by = ""): string => `sum${by && ` by (${by})`} (rate(${metric}[$__rate_interval]))`;
const increase = (metric: string, by = ""): string => `sum${by && ` by (${by})`} (increase(${metric}[1h]))`;
const quantile = (q: number, histogram: string, by = ""): string =>
  `histogram_quantile(${q}, sum by (le${by && `, ${by}`}) (rate(${histogram}_bucket[$__rate_interval])))`;

export const ROWS: readonly Row[] = [
  {
    title: "Runs",
    panels: [
      {
        title: "Living runs, by phase",
        description:
          "A phase that grows holds runs up: turn = limits.jobs, queue = Kueue, schedule = no node, pull = images, volumes.",
        unit: "short",
        stacked: true,
        queries: [{ expr: "sum by (phase) (claude_k8s_runs_active)", legend: "{{phase}}" }],
      },
      {
        title: "Ended runs in an hour, by verdict",
        description: "`detached` is a run that goes on without this server: one for each living run at a restart.",
        unit: "short",
        queries: [{ expr: increase("claude_k8s_runs_total", "verdict"), legend: "{{verdict}}" }],
      },
      {
        title: "Failures in an hour, by code",
        description: "docs/when-a-run-fails.md says what each means, and what to do.",
        unit: "short",
        queries: [{ expr: `${increase("claude_k8s_run_failures_total", "code")} > 0`, legend: "{{code}}" }],
      },
      {
        title: "Seconds of a run",
        description: "From Paperclip's call to the result.",
        unit: "s",
        queries: [
          { expr: quantile(0.5, "claude_k8s_run_duration_seconds"), legend: "half of them" },
          { expr: quantile(0.95, "claude_k8s_run_duration_seconds"), legend: "95 of 100" },
        ],
      },
    ],
  },
  {
    title: "Phases and bounds",
    panels: [
      {
        title: "95 of 100 runs are through a phase within",
        description: "What a user waits for is claim + turn + queue + schedule + pull + start.",
        unit: "s",
        queries: [{ expr: quantile(0.95, "claude_k8s_run_phase_duration_seconds", "phase"), legend: "{{phase}}" }],
      },
      {
        title: "Seconds spent in each phase, per second",
        description: "Where the time of all runs goes.",
        unit: "short",
        stacked: true,
        queries: [{ expr: rate("claude_k8s_run_phase_duration_seconds_sum", "phase"), legend: "{{phase}}" }],
      },
      {
        title: "Bounds that were met, and pods that a queue took back, in an hour",
        description: "The policy's refusals, waits for a turn, the limits of agents; preemptions by Kueue.",
        unit: "short",
        queries: [
          { expr: increase("claude_k8s_run_requeues_total"), legend: "taken back by its queue" },
          { expr: increase("claude_k8s_run_limits_total", "limit"), legend: "{{limit}}" },
        ],
      },
      {
        title: "Adoptions and the supervisor's work in an hour",
        description: "After a restart: one wake and one adoption for each run that was lost.",
        unit: "short",
        queries: [
          { expr: increase("claude_k8s_run_adoptions_total", "from"), legend: "adopted from {{from}}" },
          { expr: increase("claude_k8s_supervisor_actions_total", "action"), legend: "{{action}}" },
          {
            expr: increase('claude_k8s_supervisor_sweeps_total{outcome="failed"}'),
            legend: "places that could not be looked at",
          },
        ],
      },
    ],
  },
  {
    title: "Transcripts",
    panels: [
      {
        title: "Lines a second, of ended runs",
        description: "Counted when a run ends.",
        unit: "short",
        queries: [
          { expr: rate("claude_k8s_transcript_lines_total"), legend: "delivered" },
          { expr: rate("claude_k8s_transcript_repeated_lines_total"), legend: "sent again by the log API" },
        ],
      },
      {
        title: "Bytes a second, of ended runs",
        description: "Counted when a run ends.",
        unit: "Bps",
        queries: [{ expr: rate("claude_k8s_transcript_size_bytes_total"), legend: "read" }],
      },
      {
        title: "Lost lines, gaps and broken streams in an hour",
        description: "A gap that was refilled cost nothing. Lost lines are named in their run's transcript.",
        unit: "short",
        queries: [
          { expr: increase("claude_k8s_transcript_lost_lines_total", "cause"), legend: "lines {{cause}}" },
          { expr: increase("claude_k8s_transcript_gaps_total", "outcome"), legend: "gaps {{outcome}}" },
          { expr: increase("claude_k8s_transcript_reconnects_total"), legend: "streams opened again" },
        ],
      },
      {
        title: "Transcripts in an hour, by what is proven",
        description: "`unproven` also where the image has no Node, or a pod was killed.",
        unit: "short",
        queries: [{ expr: increase("claude_k8s_transcripts_total", "state"), legend: "{{state}}" }],
      },
    ],
  },
  {
    title: "The API server",
    panels: [
      {
        title: "Requests a second, by verb and code",
        description: "A run needs about ten.",
        unit: "reqps",
        queries: [{ expr: rate("claude_k8s_api_requests_total", "verb, code"), legend: "{{verb}} {{code}}" }],
      },
      {
        title: "99 of 100 answers begin within",
        description: "A log or a watch begins when there is something to send.",
        unit: "s",
        queries: [{ expr: quantile(0.99, "claude_k8s_api_request_duration_seconds", "verb"), legend: "{{verb}}" }],
      },
      {
        title: "Retries and watches in an hour",
        description: "A watch is closed in order each half hour or hour; relists say that the server had forgotten.",
        unit: "short",
        queries: [
          { expr: increase("claude_k8s_api_retries_total", "verb"), legend: "{{verb}} again" },
          {
            expr: increase("claude_k8s_watch_restarts_total", "resource, reason"),
            legend: "watch of {{resource}}: {{reason}}",
          },
          { expr: increase("claude_k8s_watch_relists_total", "resource"), legend: "{{resource}} listed again" },
        ],
      },
      {
        title: "Delay of the server's event loop",
        description: "Above a second, every page of Paperclip waits too.",
        unit: "s",
        queries: [
          { expr: "max by (instance) (nodejs_eventloop_delay_p99_seconds)", legend: "{{instance}} 99 of 100" },
          { expr: "max by (instance) (nodejs_eventloop_delay_max_seconds)", legend: "{{instance}} longest" },
        ],
      },
    ],
  },
  {
    title: "What agents use",
    panels: [
      {
        title: "Tokens in an hour",
        description: "As agents reported them when their runs ended.",
        unit: "short",
        queries: [{ expr: increase("claude_k8s_agent_tokens_total", "type"), legend: "{{type}}" }],
      },
      {
        title: "USD in an hour",
        description: "As agents reported it; Paperclip's own ledger is what counts.",
        unit: "currencyUSD",
        queries: [{ expr: increase("claude_k8s_agent_cost_usd_total"), legend: "reported" }],
      },
    ],
  },
];
