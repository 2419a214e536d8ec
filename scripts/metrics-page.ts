/** Writes docs/metrics.md from the code's own table of instruments. A test holds it in step. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Instrument } from "../src/telemetry/instrument.ts";
import { INSTRUMENTS } from "../src/telemetry/instruments.ts";
import { PHASE_BEGINNINGS, PHASES } from "../src/telemetry/phases.ts";
import { EVENT_LOOP } from "../src/telemetry/prometheus/event-loop.ts";
import { prometheusName } from "../src/telemetry/prometheus/metric-name.ts";

export const metricsPagePath = fileURLToPath(new URL("../docs/metrics.md", import.meta.url));

/** Values that the reader of a table needs to see; the others are many, and stand elsewhere. */
const MAX_VALUES = 8;
const KINDS = { counter: "counter", updown: "gauge", histogram: "histogram" } as const;

const code = (text: string): string => `\`${text}\``;
const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

function labels({ labels: all }: Instrument): string {
  const each = Object.entries(all).map(([name, { description, values }]) => {
    const listed = values && values.length <= MAX_VALUES ? `: ${values.map(code).join(", ")}` : "";
    return `${code(name)} ${description}${listed}`;
  });
  return each.join("; ") || "none";
}

const instruments = (Object.entries(INSTRUMENTS) as [string, Instrument][]).map(([name, instrument]) =>
  row(code(prometheusName(name, instrument)), KINDS[instrument.kind], instrument.description, labels(instrument)),
);
const eventLoop = Object.entries(EVENT_LOOP).map(([name, description]) =>
  row(code(name), "gauge", description, "none"),
);

export function metricsPage(): string {
  return `# Metrics and traces

Made by \`node scripts/metrics-page.ts\`; do not edit. [Why it is like this](decisions/0027-metrics.md).

## Where they come out

**For Prometheus.** Set \`PAPERCLIP_K8S_METRICS=127.0.0.1:9464\` in the environment of Paperclip's server: an address of the machine (\`0.0.0.0:9464\` in a pod, \`[::1]:9464\`) and a port. Then \`GET /metrics\` there has what stands below. It knows no users: whoever reaches the port reads it, so bind it to where only Prometheus comes. It shows numbers, and no name of an agent, a task or a run. A value that is no address and port, or a port that is taken, is said in the server's log and costs nothing else; a taken port is tried again every 15 seconds. Two servers on one machine need a port each. The chart sets it by \`metrics.enabled\`, and brings a PodMonitor. Not set, nothing is loaded, counted or timed.

**For OpenTelemetry.** Where the server has an SDK (Paperclip 2026.916.1 starts one for \`OTEL_EXPORTER_OTLP_ENDPOINT\`, with the packages that its log names), each run is a trace; with \`OTEL_METRICS_EXPORTER=otlp\` as well, which that SDK wants for metrics, the same instruments go there under their OpenTelemetry names (\`claude_k8s.run.duration\`, unit \`s\`). Tried with its version of the SDK (\`sdk-node\` 0.221.0) and the console exporters. The SDK's \`@opentelemetry/api\` must be 1.9 or newer.

\`deploy/dashboards/claude-k8s.json\` is a Grafana dashboard (import it, and choose your Prometheus), \`deploy/dashboards/rules.yaml\` has alerts.

## What to look at when

| What you see | Look at | Then |
|---|---|---|
| Agents begin late | \`claude_k8s_run_phase_duration_seconds\` by \`phase\`: which one has grown? | \`claim\`: another run of the task lives. \`turn\`: \`limits.jobs\` of [the policy](policy.md). \`schedule\`: \`kubectl get events --field-selector reason=FailedScheduling\`. \`pull\`: \`kubectl describe pod POD\` |
| Runs fail | \`claude_k8s_run_failures_total\` by \`code\` | \`claude-k8s why RUN\`, and the code's row in [When a run fails](when-a-run-fails.md) |
| Runs seem to hang | \`claude_k8s_runs_active\` by \`phase\` | \`claude-k8s ps\` names each with its pod and what it waits for. \`agent\` is at work: \`claude-k8s logs RUN -f\` shows at what. \`drain\` for long: the cluster does not tell of the pod's end |
| Nothing works since a change of the cluster | \`claude_k8s_api_requests_total\` by \`code\`: 401, 403, \`unreachable\`, \`timeout\`? | \`claude-k8s doctor\`, or the [environment test](environment-test.md) of an agent; for 403 \`kubectl auth can-i --list\` as Paperclip's account against [\`deploy/rbac.yaml\`](../deploy/rbac.yaml) |
| Lines are missing on a page | \`claude_k8s_transcript_lost_lines_total\` by \`cause\`, \`claude_k8s_transcript_gaps_total\` | \`lost\`: the node rotates its log faster than it is read, or the pod was gone: with the right \`pods/exec\`, a comment in [\`deploy/rbac.yaml\`](../deploy/rbac.yaml), they are read from the living pod ([why it is optional](decisions/0011-lost-lines-from-the-living-pod.md)). \`undelivered\`: Paperclip did not take them: look at its database and event loop |
| Everything is slow, pages too | \`nodejs_eventloop_delay_p99_seconds\` | something in the server computes: \`kill -USR1\` its process, and a profile by Chrome's inspector |
| Runs were lost at a restart | \`claude_k8s_supervisor_actions_total\` and \`claude_k8s_run_adoptions_total\`: one \`wake\` and one adoption each | \`claude_k8s_supervisor_sweeps_total{outcome="failed"}\` grows: the server's log names the place and the reason |
| The API server's operators complain | \`claude_k8s_api_requests_total\` by \`verb\` and \`resource\`, \`claude_k8s_watch_relists_total\` | a run needs about ten requests, a quiet hour none; [what it costs](performance.md) |
| Agents cost too much | \`claude_k8s_agent_cost_usd_total\`, \`claude_k8s_agent_tokens_total\` | by agent and task: Paperclip's own costs page |

## Metrics

${row("Name", "Kind", "What", "Labels")}
|---|---|---|---|
${[...instruments, ...eventLoop].join("\n")}

The event loop's delay is for the endpoint alone; an SDK measures it itself. Every series whose labels have known values exists from the start, so that \`increase()\` sees the first event.

## Phases

${row("Phase", "Begins when")}
|---|---|
${PHASES.map((phase) => row(code(phase), PHASE_BEGINNINGS[phase])).join("\n")}

By the clock of Paperclip's server, as it sees them: from one row to the next that it sees. A Job that was adopted has no phase that lay before, and a run that waits for nothing no \`turn\`.

## Traces

One span a run, \`claude_k8s.run\`, below whatever span the server is in when it calls (else a root), and below it one for each phase, \`claude_k8s.run.schedule\` and so on. Attributes: \`paperclip.run.id\`, \`paperclip.agent.id\`, \`paperclip.company.id\`, \`k8s.namespace.name\`, \`k8s.job.name\`, \`k8s.pod.name\`, \`k8s.node.name\`, \`claude_k8s.verdict\`, and \`error.type\` with the error code. A run that failed has the status Error with the verdict's sentence; one that completed, was cancelled, or goes on without this server has none. A run that adopts a Job is linked to the run that started it: the Job carries that one's trace context (\`paperclip.io/traceparent\`).
`;
}

if (import.meta.main) await writeFile(metricsPagePath, metricsPage());
