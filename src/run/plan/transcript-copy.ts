/**
 * The runner's second copy of the transcript: what the log API lost is had from there. On a volume that Paperclip sees it
 * is a file, whole; elsewhere it goes with the pod, and is bounded, so that it can never be what gets the pod evicted.
 */
import { rm } from "node:fs/promises";
import type { Job } from "kubernetes-types/batch/v1";
import type { Volume, VolumeMount } from "kubernetes-types/core/v1";
import type { Clock } from "../../kubernetes/clock.ts";
import { containerCommand } from "../../runner/spec.ts";
import { CONTAINER } from "../shared/names.ts";
import { within } from "../shared/within.ts";
import { HOME, type Home } from "./home.ts";

const DIRECTORY = "/run/claude-k8s-transcript";
const VOLUME = "transcript";
/** A pod that holds more is evicted; the runner keeps 64 MiB. */
const SIZE_LIMIT = "128Mi";

/** The runner's word for it. */
export function transcriptCopy(home: Home, job: string): string {
  return home.sharedWithPaperclip ? copyOf(home.path, job) : `${DIRECTORY}/`;
}

/** Where the copies lie in a home that Paperclip shares with its agents' pods. */
export const transcriptCopiesIn = (home: string): string => `${home}/.claude-k8s/transcripts`;

const copyOf = (home: string, job: string): string => `${transcriptCopiesIn(home)}/${job}`;

/** The home of Paperclip's own process, which is what its agents' pods share. */
export function paperclipHome(env: NodeJS.ProcessEnv): string {
  const home = env.PAPERCLIP_HOME?.trim() || HOME;
  return home.length > 1 ? home.replace(/\/+$/, "") : home;
}

export function transcriptVolumes(home: Home): Volume[] {
  return home.sharedWithPaperclip ? [] : [{ name: VOLUME, emptyDir: { sizeLimit: SIZE_LIMIT } }];
}

export function transcriptMounts(home: Home): VolumeMount[] {
  return home.sharedWithPaperclip ? [] : [{ name: VOLUME, mountPath: DIRECTORY }];
}

/** `file`: on the volume that Paperclip shares; `folder`: in the pod alone. Null for the Job of a version without. */
export type TranscriptCopy = { readonly kind: "file" | "folder"; readonly path: string };

/** The names of this adapter's Jobs. */
const JOB_NAME = /^ac-[a-z0-9-]+$/;

/** Agents write in that home: nothing of another name there is ours to remove. */
export const isTranscriptCopy = (file: string): boolean => JOB_NAME.test(file);

/**
 * What the Job's runner was told to keep. A Job is whatever its creator wrote: of the paths on Paperclip's own machine only
 * the one counts that the adapter itself gives a Job of that name.
 *
 * @param home see paperclipHome()
 */
export function transcriptCopyOf(job: Job, home: string): TranscriptCopy | null {
  const agent = job.spec?.template.spec?.containers.find(({ name }) => name === CONTAINER);
  const word = agent?.command?.[containerCommand({ terminationLog: "", workingDirectory: "" }).length];
  const path = word?.replaceAll("$$", "$");
  if (path === undefined) return null;
  if (path.endsWith("/")) return { kind: "folder", path };
  const { name = "" } = job.metadata ?? {};
  return isTranscriptCopy(name) && path === copyOf(home, name) ? { kind: "file", path } : null;
}

/** Milliseconds for a volume that may be away: the copy is small, and nobody reads it without its Job. */
const REMOVED_WITHIN_MS = 5_000;

/** Removes the copy of a Job that is removed, where Paperclip's machine has it. Never rejects. */
export async function removeTranscriptCopy(job: Job, home: string, clock: Clock): Promise<void> {
  const copy = transcriptCopyOf(job, home);
  if (copy?.kind !== "file") return;
  const removal = rm(copy.path, { force: true }).catch(() => undefined);
  await within(clock, REMOVED_WITHIN_MS, removal, undefined);
}
