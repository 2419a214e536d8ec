import { isSealedStop, type TranscriptGap } from "../observe/observe.ts";
import { describeResult } from "./agent.ts";
import type { Facts } from "./facts.ts";
import { quoting, reasonAndMessage } from "./phrases.ts";
import { workLeft } from "./workspace/work-left.ts";

const MAX_LINES = 16;
const MAX_EVENTS = 4;

/** How we know: what decided, then everything else that was observed. */
export function evidenceLines(facts: Facts, because: readonly string[]): readonly string[] {
  const all = [
    ...because,
    ...fromWorkspace(facts),
    ...fromEarlier(facts),
    ...fromReplacedSession(facts),
    ...fromResult(facts),
    ...fromSeal(facts),
    ...fromRecorder(facts),
    ...fromPod(facts),
    ...fromJob(facts),
    ...withoutResult(facts),
    ...fromTranscript(facts),
    ...fromEvents(facts),
    ...facts.evidence.faults.filter(({ fatal }) => !fatal).map(({ message }) => `Adapter: ${message}`),
  ];
  return [...new Set(all)].slice(0, MAX_LINES);
}

function fromWorkspace(facts: Facts): readonly string[] {
  const left = workLeft(facts);
  return left ? [left.sentence] : [];
}

function fromEarlier({ evidence: { earlier, job } }: Facts): readonly string[] {
  return earlier.map(({ name, why }) => `Pod ${name}: taken back by queue ${job?.queue}${quoting(why)}`);
}

function fromReplacedSession({ evidence: { seal }, agent }: Facts): readonly string[] {
  const { freshSession } = seal ?? {};
  if (!freshSession) return [];
  const now = agent.sessionId === null ? "a fresh one" : `a fresh one, ${agent.sessionId}`;
  return [
    `Session ${freshSession.insteadOf} could not be resumed, so the run started ${now}${quoting(freshSession.why)}`,
  ];
}

function fromResult({ agent: { result } }: Facts): readonly string[] {
  return result ? [describeResult(result)] : [];
}

function withoutResult({ noTranscript, agent: { result, apiRetry, malformedLines } }: Facts): readonly string[] {
  if (noTranscript) return [];
  const odd = malformedLines === 0 ? [] : [`Not a JSON object: ${counted(malformedLines)} of the transcript`];
  if (result) return odd;
  const tried = apiRetry
    ? [
        `Newest api_retry: status ${apiRetry.status}, ${apiRetry.error}, attempt ${apiRetry.attempt} of ${apiRetry.maxRetries}`,
      ]
    : [];
  return ["No result event of Claude Code was seen", ...tried, ...odd];
}

function fromSeal({ evidence, ending, container }: Facts): readonly string[] {
  const { seal } = evidence;
  if (!seal) return [];
  if (seal.partial) return ["The runner's seal was written while the agent still ran"];
  const lines = seal.stdout ? `, ${counted(seal.stdout.lines)} of stdout` : "";
  const error = seal.error === undefined ? "" : quoting(seal.error);
  const where = isSealedStop(evidence) && !container ? ", at the end of the log" : "";
  return [`The runner's seal${where}: ${ending.words ?? "no exit code"}, ending ${seal.ending}${lines}${error}`];
}

function fromRecorder({ evidence: { pod, seal }, seal: believed, container }: Facts): readonly string[] {
  const lines: string[] = [];
  const end = pod?.recorder?.terminated;
  if (end && (end.exitCode !== 0 || pod.recorder?.restarted))
    lines.push(`Container ${pod.recorder?.name}: terminated, exit code ${end.exitCode}, ${end.reason}`);
  if (seal && believed && seal.ending !== believed.ending)
    lines.push(`The agent's container told another end than its status shows: exit code ${container?.exitCode} stands`);
  return lines;
}

function fromPod({ evidence: { pod }, container }: Facts): readonly string[] {
  if (!pod) return [];
  const where = pod.node === null ? "" : ` on node ${pod.node}`;
  const why = reasonAndMessage(pod.reason, pod.message);
  const lines = [`Pod ${pod.name}${where}: ${pod.presence}, phase ${pod.phase}${quoting(why)}`];
  if (container) {
    const at = container.finishedAt === null ? "" : ` at ${container.finishedAt}`;
    lines.push(`Container ${pod.agent.name}: terminated${at}, exit code ${container.exitCode}, ${container.reason}`);
  }
  if (container?.reason === "OOMKilled" && container.exitCode !== 137) {
    lines.push("The kernel killed a process in the container because memory ran out (OOMKilled)");
  }
  if (pod.ordinal > 1) lines.push(`The Job had ${pod.ordinal} pods; this is the newest`);
  return lines;
}

function fromJob({ evidence: { job } }: Facts): readonly string[] {
  if (!job) return [];
  const conditions = job.conditions.filter(({ status }) => status === "True");
  const words = conditions.map(({ type, reason }) => (reason === "" ? type : `${type} (${reason})`)).join(", ");
  return [`Job ${job.name}: ${job.presence}${quoting(words)}`];
}

function fromTranscript({ noTranscript, evidence: { transcript } }: Facts): readonly string[] {
  if (!transcript || noTranscript) return [];
  if (transcript.state === "complete") return [`Transcript: complete, ${counted(transcript.lines)}`];
  if (transcript.state === "unproven")
    return [`Transcript: ${counted(transcript.lines)}, not proven complete${quoting(transcript.why)}`];
  const gaps = transcript.gaps.slice(0, MAX_GAPS).map(gapText).join(", ");
  const more = transcript.gaps.length > MAX_GAPS ? ` and ${transcript.gaps.length - MAX_GAPS} more` : "";
  return [`Transcript: ${counted(transcript.lines)}, missing ${gaps}${more}`];
}

const MAX_GAPS = 5;

function gapText({ channel, from, to, why }: TranscriptGap): string {
  return `${channel === "stderr" ? "stderr " : ""}${to === from ? from : `${from}–${to}`} (${why})`;
}

function fromEvents({ evidence: { events } }: Facts): readonly string[] {
  const warnings = events.filter(
    ({ type, reason }) => type === "Warning" || reason === "Killing" || reason === "Preempted",
  );
  return warnings.slice(-MAX_EVENTS).map(({ reason, message, count, kind }) => {
    const times = count > 1 ? ` (${count} times)` : "";
    return `Event of the ${kind}: ${reason}${times}${quoting(message)}`;
  });
}

function counted(lines: number): string {
  return lines === 1 ? "1 line" : `${lines} lines`;
}
