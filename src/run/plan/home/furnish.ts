/**
 * Makes what a private home's mounts need on Paperclip's volume, before the Job is created: the kubelet would make missing
 * folders as root, and follows links. Paperclip's own process sees the same files.
 */
import { posix } from "node:path";
import { GuardedFileError } from "../../../files/guarded-file.ts";
import { GuardedFolder, type Owner } from "../../../files/guarded-folder.ts";
import type { Clock } from "../../../kubernetes/clock.ts";
import { RunFault } from "../../shared/run-fault.ts";
import { withTimeout } from "../../shared/with-timeout.ts";
import { bringSession, type MovedSession } from "./bring-session.ts";
import { type HomeFolder, namesBelow } from "./entitlement.ts";

export interface HomeRequest {
  /** Paperclip's home, where its own process and its agents' pods have it. */
  readonly paperclipHome: string;
  /** The names that lead from it to the agent's home. */
  readonly privateHome: readonly string[];
  /** Of Paperclip's home, what is mounted over the agent's. */
  readonly folders: readonly HomeFolder[];
  /** Whom the agent's pods run as; null: their image's own user, whom nobody knows here. */
  readonly owner: Owner | null;
  /** A session that was begun in Paperclip's home; null when there is none to bring along. */
  readonly session: MovedSession | null;
}

/** On the way to the homes: a kubelet that is not root on the volume's server passes, and nobody lists them. */
const WAY = 0o711;
/** The agent's home, and the places in it where folders are mounted. */
const OWN = 0o700;
/** Of Paperclip's own layout, as Paperclip makes them. */
const PAPERCLIPS = 0o755;

/** Milliseconds for a volume that may not answer. */
const WITHIN_MS = 60_000;

/** Throws RunFault `k8s_home_unusable`, and then nothing of the run may be started. */
export async function furnishHome(request: HomeRequest, clock: Clock): Promise<void> {
  try {
    const inTime = await withTimeout(clock, WITHIN_MS, furnish(request), TOO_LATE);
    if (inTime === TOO_LATE) throw new Error(`${request.paperclipHome} does not answer`);
  } catch (error) {
    throw new RunFault(faultOf(error, request, clock.now()), error);
  }
}

const TOO_LATE = Symbol();

async function furnish(request: HomeRequest): Promise<void> {
  await using paperclip = await openHome(request.paperclipHome);
  // Whoever calls the adapter from elsewhere in Paperclip's name does not see the volume; then the kubelet makes the folders.
  if (paperclip === null) return;
  const { folders, session } = request;
  const owner = request.owner ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  await using home = await openPrivateHome(paperclip, request.privateHome, owner);
  for (const { path } of folders) {
    const [first, ...further] = namesBelow(path, request.paperclipHome) ?? [];
    if (first === undefined) continue;
    await using _source = await paperclip.makeAll([first, ...further], { mode: PAPERCLIPS, owner });
    await using _target = await home.makeAll([first, ...further], { mode: OWN, owner });
  }
  if (session) await bringSession(session, paperclip, home, owner);
}

async function openHome(path: string): Promise<GuardedFolder | null> {
  try {
    return await GuardedFolder.open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function openPrivateHome(
  folder: GuardedFolder,
  [name = "", ...further]: readonly string[],
  owner: Owner | null,
): Promise<GuardedFolder> {
  if (further.length === 0) return folder.make(name, { mode: OWN, owner });
  await using way = await folder.make(name, { mode: WAY });
  await way.letPass();
  return await openPrivateHome(way, further, owner);
}

function faultOf(error: unknown, { paperclipHome, privateHome }: HomeRequest, at: number) {
  const why = error instanceof Error ? error.message : String(error);
  const home = posix.join(paperclipHome, ...privateHome);
  const refused = error instanceof GuardedFileError;
  return {
    code: "k8s_home_unusable",
    message: `The agent's home ${home} cannot be prepared: ${why}`,
    fix: refused
      ? "Look at what is there, and remove it: an agent may have put it there. Then run the task again."
      : "Let Paperclip's user write to its home, and see that its volume answers. Then run the task again.",
    status: null,
    fatal: true,
    at,
  };
}
