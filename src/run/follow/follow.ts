/**
 * Follows the agent's log: every line to the host, the agent's result into the evidence.
 *
 * A line passes seven stations on its way:
 *
 *     openLog     src/kubernetes/log-stream.ts   the socket's bytes
 *     readLog     read/read-log.ts               whole lines of one answer
 *     GapQueue    refill/gap-queue.ts            lines behind a gap wait until it is refilled
 *     Transcript  assemble/transcript.ts         each line once and in order, in blocks, with its number
 *     TextPage    src/run/tell/page/text-page.ts where the page shows text: what it shows of each line
 *     Delivery    deliver/delivery.ts            one call at a time; waits on disk for a slow host
 *     onLog       of the host
 *
 * Around them: `follower.ts` keeps a stream open while the container lives (`live-stream.ts`) and reads the rest when it
 * has ended (`drain.ts`); `refill/` gets what is missing from three sources, each through an `Intake`.
 */

import type { KubernetesClient } from "../../kubernetes/client.ts";
import { exec } from "../../kubernetes/exec/exec.ts";
import { openLog } from "../../kubernetes/log-stream.ts";
import type { Channel } from "../../runner/frame.ts";
import type { RunTelemetry } from "../../telemetry/run-telemetry.ts";
import { hasEnded, type ObservedRun } from "../observe/observe.ts";
import { transcriptCopyOf } from "../plan/plan.ts";
import { agentCli } from "../shared/agent-cli.ts";
import { eventOf } from "../shared/agent-event.ts";
import type { JobInCluster } from "../shared/launched-run.ts";
import { recordedBy } from "../shared/run-terms.ts";
import type { LineSink } from "./assemble/line-sink.ts";
import { countTranscript } from "./count.ts";
import type { OnLog } from "./deliver/host-calls.ts";
import { followTranscript } from "./follow-transcript.ts";
import { noticeOf } from "./notices.ts";
import { viewContainer } from "./observed-container.ts";
import type { ContainerView } from "./read/container.ts";
import type { OpenLog } from "./read/log-source.ts";
import { answeredOnce, asEnded } from "./read/so-far.ts";
import { limitRecorder, withRecordersEnd } from "./recorder.ts";
import type { GapSource } from "./refill/gap-source.ts";
import { PodCopy, type RunInPod } from "./refill/pod-copy.ts";
import { TranscriptFile } from "./refill/transcript-file.ts";

export { LineBatch } from "./assemble/batch.ts";
export type { LineBlock, LineSink } from "./assemble/line-sink.ts";

/** The receiver of the transcript, which decides what the host gets and in which form. */
export interface TranscriptSink {
  /** One call at a time, whole lines, at most 64 KiB each; may be slow, hang or throw. */
  readonly onLog: OnLog;
  /** Transforms the lines, once they are counted and hashed, before `onLog`; undefined = as they are. */
  readonly page: ((shown: LineSink) => LineSink) | undefined;
  /** Bytes that `onLog` is given; the lines behind are counted and hashed. @default 1 GiB */
  readonly maxBytes?: number;
  /** Each line of the agent as it arrives, without its newline; the bytes are valid during the call only. */
  line(channel: Channel, line: Buffer): void;
  notice(type: string, message: string, level: "info" | "warn"): void;
  /**
   * All lines were delivered. Resolves, when the last notice is delivered, with the path of the file that holds the lines as the
   * agent wrote them; null when there is none.
   *
   * @param lastNewline whether the agent ended its last line
   */
  close(lastNewline: boolean): Promise<string | null>;
}

export interface FollowRequest {
  readonly client: KubernetesClient;
  readonly run: JobInCluster;
  readonly observed: ObservedRun;
  readonly sink: TranscriptSink;
  /** Is told of the agent's first line, and counts what became of the transcript. @default nobody */
  readonly telemetry?: Pick<RunTelemetry, "enter" | "add">;
  /** Aborts when the run no longer waits for the agent. */
  readonly signal: AbortSignal;
  /** `now`: of a run that goes on, what the node has of its log at this moment. @default "end" */
  readonly until?: "end" | "now";
}

/** Resolves when the transcript is delivered and judged; never rejects for what the cluster or the host does. */
export async function followRun(request: FollowRequest): Promise<void> {
  const { client, run, observed, sink, telemetry, signal } = request;
  const counter = telemetry && countTranscript(telemetry);
  let begun = false;
  const reader = agentCli.readOutput(eventOf);
  const once = request.until === "now";
  const container = once ? asEnded(viewContainer(observed)) : viewContainer(observed);
  const overdue = limitRecorder(observed, client.clock, signal);
  const report = await followTranscript({
    open: once ? answeredOnce(openPodLog(client, run, observed)) : openPodLog(client, run, observed),
    container,
    onLog: (stream, chunk) => sink.onLog(stream, chunk),
    page: sink.page,
    onLine: (channel, line) => {
      if (!begun) telemetry?.enter("agent");
      begun = true;
      sink.line(channel, line);
      if (channel === "stdout") reader.line(line);
    },
    onEvent: (event) => {
      counter?.event(event);
      const message = noticeOf(event);
      if (message) sink.notice(`k8s.log.${event.type}`, message, "warn");
    },
    isRecorded: observed.evidence.run.recorder !== undefined,
    onSealed: (seal) => observed.add({ kind: "log-sealed", seal, at: client.clock.now() }),
    sources: once ? [] : gapSources(request, container),
    ...(sink.maxBytes === undefined ? {} : { limits: { deliveredBytes: sink.maxBytes } }),
    signal: overdue.signal,
    clock: client.clock,
    random: client.random,
  });
  await overdue.stop();
  counter?.report(report);
  const { transcript, unread } = report;
  const file = await sink.close(container.seal()?.stdout?.newline ?? true);
  observed.add({ kind: "agent", result: reader.result() });
  const kept = file === null ? {} : { file };
  const judged = withRecordersEnd(transcript, observed.evidence);
  observed.add({ kind: "transcript", report: { ...judged, ...kept, ...(unread === null ? {} : { unread }) } });
}

/** The sources of lines that the log API lost. */
function gapSources(request: FollowRequest, container: ContainerView): GapSource[] {
  const copy = transcriptCopyOf(request.run.object);
  if (copy === null) return [];
  if (copy.kind === "file") return [new TranscriptFile(copy.path, copy.home)];
  const onRefused = ({ message }: Error): void =>
    request.sink.notice("k8s.log.exec", `Missing lines cannot be read from the pod: ${message}`, "info");
  return [new PodCopy({ folder: copy.path, container, run: runInPod(request), onRefused })];
}

function runInPod({ client, run, observed }: FollowRequest): RunInPod {
  return (command, onStdout, signal) => {
    const { pod, run: facts } = observed.evidence;
    const request = { namespace: run.namespace, pod: pod?.name ?? "", container: recordedBy(facts), command };
    return exec(client.transport, request, onStdout, signal);
  };
}

/** The log of the run's pod, whose name is known once it is observed. */
function openPodLog(client: KubernetesClient, job: JobInCluster, observed: ObservedRun): OpenLog {
  return (request, signal) => {
    const { pod, run } = observed.evidence;
    if (!pod) {
      const ended = hasEnded(observed.evidence);
      const error = new Error(ended ? "the Job has no pod" : "the Job has no pod yet");
      return Promise.resolve({ kind: ended ? "gone" : "not-yet", error });
    }
    const where = { namespace: job.namespace, pod: pod.name, container: recordedBy(run) };
    const log = { ...where, timestamps: true, ...(pod.recorder?.restarted ? { previous: true } : {}), ...request };
    return openLog(client.transport, log, signal);
  };
}
