/**
 * The runner's second copy of the transcript, the source of lines that the log API lost. On a volume that Paperclip sees it
 * is a file, whole; elsewhere it goes with the pod, and is bounded, so that it can never be what gets the pod evicted.
 */
import { posix } from "node:path";
import type { Job } from "kubernetes-types/batch/v1";
import type { Volume, VolumeMount } from "kubernetes-types/core/v1";
import { removeGuarded } from "../../files/guarded-file.ts";
import type { Clock } from "../../kubernetes/clock.ts";
import { containerCommand } from "../../runner/spec.ts";
import { CONTAINER, RECORDER } from "../shared/names.ts";
import { withTimeout } from "../shared/with-timeout.ts";
import { privateHomeOf } from "./home/private-home-of.ts";
import { HOME, type Home, isOnPaperclipsVolume } from "./home.ts";

const DIRECTORY = "/run/claude-k8s-transcript";
const VOLUME = "transcript";
/** A pod that holds more is evicted; the runner keeps 64 MiB. */
const SIZE_LIMIT = "128Mi";

/** The names that lead to the copies in a home on Paperclip's volume: the shared one, or an agent's. */
export const TRANSCRIPT_COPIES = [".claude-k8s", "transcripts"] as const;

const fileBelow = (home: string, job: string): string => [home, ...TRANSCRIPT_COPIES, job].join("/");

/** The home of Paperclip's own process, which is what its agents' pods share. */
export function paperclipHome(env: NodeJS.ProcessEnv): string {
  const home = env.PAPERCLIP_HOME?.trim() || HOME;
  return home.length > 1 ? home.replace(/\/+$/, "") : home;
}

/** The runner's argument for it: a file, or a folder when it ends with a slash. */
export function transcriptCopy(home: Home, job: string): string {
  return isOnPaperclipsVolume(home) ? fileBelow(home.path, job) : podTranscript.path;
}

/** The folder that goes with the pod. */
export const podTranscript: { readonly path: string; readonly volume: Volume; readonly mount: VolumeMount } = {
  path: `${DIRECTORY}/`,
  volume: { name: VOLUME, emptyDir: { sizeLimit: SIZE_LIMIT } },
  mount: { name: VOLUME, mountPath: DIRECTORY },
};

export function transcriptVolumes(home: Home): Volume[] {
  return isOnPaperclipsVolume(home) ? [] : [podTranscript.volume];
}

export function transcriptMounts(home: Home): VolumeMount[] {
  return isOnPaperclipsVolume(home) ? [] : [podTranscript.mount];
}

/** `file`: below the agent's home, as Paperclip sees it on its volume; `folder`: in the pod alone. */
export type TranscriptCopy =
  | { readonly kind: "file"; readonly home: string; readonly path: string }
  | { readonly kind: "folder"; readonly path: string };

/**
 * What the Job's runner was told to keep; null for the Job of a version without, and for any other path than a Job of that
 * name has: whoever may create Jobs writes their commands, and this process reads and removes the file.
 */
export function transcriptCopyOf(job: Job): TranscriptCopy | null {
  const { containers = [], initContainers = [] } = job.spec?.template.spec ?? {};
  const keeper =
    initContainers.find(({ name }) => name === RECORDER) ?? containers.find(({ name }) => name === CONTAINER);
  const word = keeper?.command?.[containerCommand({ terminationLog: "", workingDirectory: "" }).length];
  const path = word?.replaceAll("$$", "$");
  if (path?.endsWith("/")) return { kind: "folder", path };
  const end = fileBelow("", job.metadata?.name ?? "");
  const inPod = path?.endsWith(end) ? path.slice(0, -end.length) : undefined;
  if (!inPod?.startsWith("/") || posix.normalize(inPod) !== inPod) return null;
  const home = posix.join(inPod, ...privateHomeOf(job, inPod));
  return { kind: "file", home, path: `${home}${end}` };
}

/** Agents write to that home: a file with another name is not the adapter's to remove. */
export const isTranscriptCopy = (file: string): boolean => /^ac-[a-z0-9-]+$/.test(file);

/** Milliseconds for a volume that may not answer: the copy is small, and nothing reads it without its Job. */
const REMOVED_WITHIN_MS = 5_000;

/** Removes the copy of a Job that is removed, where Paperclip's machine has it. Never rejects. */
export async function removeTranscriptCopy(job: Job, clock: Clock): Promise<void> {
  const copy = transcriptCopyOf(job);
  if (copy?.kind !== "file" || !isTranscriptCopy(job.metadata?.name ?? "")) return;
  const removal = removeGuarded(copy.path, copy.home).catch(() => undefined);
  await withTimeout(clock, REMOVED_WITHIN_MS, removal, undefined);
}
