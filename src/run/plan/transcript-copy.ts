/**
 * The runner's second copy of the transcript, the source of lines that the log API lost. On a volume that Paperclip sees it
 * is a file, whole; elsewhere it goes with the pod, and is bounded, so that it can never be what gets the pod evicted.
 */
import { posix } from "node:path";
import type { Job } from "kubernetes-types/batch/v1";
import type { Volume, VolumeMount } from "kubernetes-types/core/v1";
import { containerCommand } from "../../runner/spec.ts";
import { CONTAINER } from "../shared/names.ts";
import type { Home } from "./home.ts";

const DIRECTORY = "/run/claude-k8s-transcript";
const VOLUME = "transcript";
/** A pod that holds more is evicted; the runner keeps 64 MiB. */
const SIZE_LIMIT = "128Mi";

const fileBelow = (home: string, job: string): string => `${home}/.claude-k8s/transcripts/${job}`;

/** The runner's argument for it: a file, or a folder when it ends with a slash. */
export function transcriptCopy(home: Home, job: string): string {
  return home.sharedWithPaperclip ? fileBelow(home.path, job) : `${DIRECTORY}/`;
}

export function transcriptVolumes(home: Home): Volume[] {
  return home.sharedWithPaperclip ? [] : [{ name: VOLUME, emptyDir: { sizeLimit: SIZE_LIMIT } }];
}

export function transcriptMounts(home: Home): VolumeMount[] {
  return home.sharedWithPaperclip ? [] : [{ name: VOLUME, mountPath: DIRECTORY }];
}

/** `file`: below the home on the volume that Paperclip shares; `folder`: in the pod alone. */
export type TranscriptCopy =
  | { readonly kind: "file"; readonly home: string; readonly path: string }
  | { readonly kind: "folder"; readonly path: string };

/**
 * What the Job's runner was told to keep; null for the Job of a version without, and for any other path than a Job of that
 * name has: whoever may create Jobs writes their commands, and this process reads and removes the file.
 */
export function transcriptCopyOf(job: Job): TranscriptCopy | null {
  const agent = job.spec?.template.spec?.containers.find(({ name }) => name === CONTAINER);
  const word = agent?.command?.[containerCommand({ terminationLog: "", workingDirectory: "" }).length];
  const path = word?.replaceAll("$$", "$");
  if (path?.endsWith("/")) return { kind: "folder", path };
  const end = fileBelow("", job.metadata?.name ?? "");
  const home = path?.endsWith(end) ? path.slice(0, -end.length) : undefined;
  return home?.startsWith("/") && posix.normalize(home) === home ? { kind: "file", home, path: `${home}${end}` } : null;
}
