import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { SOCKET } from "../../src/runner/handover.ts";
import { Pod, type PodEnd, type PodOptions } from "./pod.ts";
import type { RunnerUnderTest } from "./runners.ts";

/** A pod whose record is kept by a container of its own: two pods without a cluster, and a folder that both see. */
export class SeparatePod {
  /** Far longer than the path of a socket may be, as below a kubelet's folder. */
  readonly folder = join(mkdtempSync(join(tmpdir(), "recorder-")), "a".repeat(60), "b".repeat(60));
  readonly transcript = join(this.folder, "..", "transcript");
  readonly recorder: Pod;
  readonly agent: Pod;

  constructor(runner: RunnerUnderTest, options: PodOptions, recorder: Partial<PodOptions> = {}) {
    mkdirSync(this.folder, { recursive: true });
    mkdirSync(this.transcript);
    onTestFinished(() => rmSync(join(this.folder, "..", ".."), { recursive: true, force: true }));
    this.recorder = this.startRecorder(runner, { ...options, ...recorder });
    this.agent = new Pod(runner, { ...options, transcript: this.folder, half: "send" });
  }

  /** As the kubelet does when it has ended. */
  startRecorder(runner: RunnerUnderTest, options: PodOptions): Pod {
    const { folder, transcript } = this;
    return new Pod(runner, { ...options, workingDirectory: folder, transcript: `${transcript}/`, half: "record" });
  }

  /** As the kubelet does: the recorder is told to end when the agent's container has ended. */
  async ended(): Promise<{ readonly agent: PodEnd; readonly recorder: PodEnd }> {
    const agent = await this.agent.ended();
    this.recorder.signal("SIGTERM");
    return { agent, recorder: await this.recorder.ended() };
  }
}

/** A recorder without an agent's container, and where it listens. */
export function recorderAlone(runner: RunnerUnderTest): { readonly recorder: Pod; readonly socket: string } {
  const folder = mkdtempSync(join(tmpdir(), "recorder-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const recorder = new Pod(runner, {
    command: ["unused"],
    workingDirectory: folder,
    transcript: `${folder}/`,
    half: "record",
  });
  return { recorder, socket: join(folder, SOCKET) };
}
