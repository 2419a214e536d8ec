/** Follows the agent's log: every line to the host, the agent's own words into the evidence. */
import type { AdapterExecutionContext } from "@paperclipai/adapter-utils";
import { createResultReader } from "../../claude/result-reader.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { exec } from "../../kubernetes/exec.ts";
import { openLog } from "../../kubernetes/log-stream.ts";
import type { Host } from "../../paperclip/host.ts";
import { witnessContainer } from "./observed-container.ts";
import { hasEnded } from "../observe/end-of-run.ts";
import type { ContainerWitness } from "./read/container.ts";
import type { FollowEvent } from "./assemble/events.ts";
import { followTranscript } from "./follow-transcript.ts";
import type { GapSource } from "./refill/gap-source.ts";
import type { OpenLog } from "./read/log-source.ts";
import { missingLine } from "./assemble/missing.ts";
import { PodCopy, type RunInPod } from "./refill/pod-copy.ts";
import { TranscriptFile } from "./refill/transcript-file.ts";
import type { LaunchedJob } from "../shared/launched-run.ts";
import { inWords } from "../tell/page/text-pipe.ts";
import type { Page } from "../tell/page/page.ts";
import { CONTAINER } from "../shared/names.ts";
import { transcriptCopyOf } from "../plan/transcript-copy.ts";
import type { RunRecord } from "../observe/observed-run.ts";
import { showWork } from "../tell/activity.ts";

export interface FollowRunInput {
  readonly client: KubernetesClient;
  readonly job: LaunchedJob;
  readonly record: RunRecord;
  readonly ctx: Pick<AdapterExecutionContext, "onLog">;
  readonly host: Host;
  readonly page: Page;
  /** Called for each line of the agent. */
  readonly heard: () => void;
  /** Nobody waits for the agent any more. */
  readonly signal: AbortSignal;
}

/** Resolves when the transcript is delivered and judged; never rejects for what the cluster or the host does. */
export async function followRun(input: FollowRunInput): Promise<void> {
  const { client, job, record, ctx, host, heard, signal } = input;
  const reader = createResultReader();
  const over = new AbortController();
  const work = showWork(host, client.clock, over.signal);
  const telling: Promise<void>[] = [];
  const warn = (type: string, message: string): void => {
    telling.push(host.notice({ type, message, level: "warn" }));
  };
  const container = witnessContainer(record);
  const { page } = input;
  const unkept = (message: string): void => warn("k8s.log.file", message);
  const words = page.form === "words" ? inWords(page, client.clock, unkept) : null;
  const { transcript } = await followTranscript({
    open: openPodLog(client, job, record),
    container,
    onLog: (stream, chunk) => ctx.onLog(stream, chunk),
    page: words?.between,
    onLine: (channel, line) => {
      heard();
      if (channel !== "stdout") return;
      reader.line(line);
      work.line(line);
    },
    onEvent: (event) => {
      const message = worthTelling(event);
      if (message) warn(`k8s.log.${event.type}`, message);
    },
    sources: gapSources(input, container, (message) => {
      telling.push(host.notice({ type: "k8s.log.exec", message }));
    }),
    signal,
    clock: client.clock,
    random: client.random,
  });
  over.abort();
  const file = await words?.close(container.seal()?.stdout?.newline ?? true);
  await Promise.all(telling);
  record.add({ kind: "agent", result: reader.result() });
  record.add({ kind: "transcript", report: file ? { ...transcript, file } : transcript });
}

/** Where lines may be had that the log API lost. */
function gapSources(input: FollowRunInput, container: ContainerWitness, tell: (message: string) => void): GapSource[] {
  const copy = transcriptCopyOf(input.job.object);
  if (copy === null) return [];
  if (copy.kind === "file") return [new TranscriptFile(copy.path)];
  const onRefused = ({ message }: Error): void => tell(`Missing lines are not looked for in the pod: ${message}`);
  return [new PodCopy({ folder: copy.path, container, run: runInPod(input), onRefused })];
}

function runInPod({ client, job, record }: FollowRunInput): RunInPod {
  return (command, onStdout, signal) => {
    const request = { namespace: job.namespace, pod: record.evidence.pod?.name ?? "", container: CONTAINER, command };
    return exec(client.transport, request, onStdout, signal);
  };
}

/** The log of the pod that is known at the time: its name comes with the observer's word of it. */
function openPodLog(client: KubernetesClient, job: LaunchedJob, record: RunRecord): OpenLog {
  return (request, signal) => {
    const pod = record.evidence.pod?.name;
    if (!pod) {
      const over = hasEnded(record.evidence);
      const error = new Error(over ? "the Job has no pod" : "the Job has no pod yet");
      return Promise.resolve({ kind: over ? "gone" : "not-yet", error });
    }
    const log = { namespace: job.namespace, pod, container: CONTAINER, timestamps: true, ...request };
    return openLog(client.transport, log, signal);
  };
}

/** What an operator wants to know; reconnects that lose nothing are no news. */
function worthTelling(event: FollowEvent): string | null {
  switch (event.type) {
    case "missing":
      return missingLine(event.missing);
    case "refilled":
      return `Lines ${event.from}–${event.to} of ${event.channel} were missing in the stream and came from the ${event.source}`;
    case "conflict":
      return `Line ${event.line} of ${event.channel} came twice with different content`;
    case "sink-fault":
      return `Paperclip did not take a line (${event.sink}): ${event.error.message}`;
    case "spill":
      return event.error ? `Lines that Paperclip is too slow for cannot be put on disk: ${event.error.message}` : null;
    case "gap":
    case "reconnect":
    case "suspicion":
    case "not-output":
      return null;
  }
}
