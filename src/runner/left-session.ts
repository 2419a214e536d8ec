/**
 * The session of a run whose pod a queue takes back in the middle of its work: the pod leaves its id in the home, and the Job's
 * next pod goes on in it. Without a file, or with one that names no session, every pod begins anew.
 */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { AgentEnd } from "./agent.ts";
import { LEFT_SESSION, RUN_FILES, type RunnerSpec } from "./spec.ts";
import { withTimeout } from "./timer.ts";

/** What an id may look like that becomes an argument. */
const SESSION_ID = /^[A-Za-z0-9][\w-]{0,127}$/;
/** A volume that does not answer must not keep the agent from starting. Milliseconds. */
const READ_WITHIN_MS = 10_000;
/** Days after which what a run left behind is nobody's any more. */
const KEPT_DAYS = 30;
const DAY_MS = 86_400_000;
/** Files that are looked at. */
const MAX_SWEPT = 1000;

/** What is started: see RunnerSpec. */
export interface FirstProcess extends Pick<RunnerSpec, "command" | "fresh"> {
  readonly prompt: string;
  /** That an earlier pod of the run left; null: it begins as the run was planned. */
  readonly leftSession: string | null;
}

/** Never rejects: what cannot be read was not left. */
export async function firstProcess(spec: RunnerSpec): Promise<FirstProcess> {
  const { command, fresh, goesOn } = spec;
  const file = fileOf(spec);
  const left = file === null ? null : await withTimeout(READ_WITHIN_MS, read(file)).catch(() => null);
  const planned = { command, prompt: RUN_FILES.prompt, leftSession: null };
  if (!goesOn || left === null) return { ...planned, ...(fresh ? { fresh } : {}) };
  const [program, ...words] = goesOn.command.map((word) => (word === LEFT_SESSION ? left : word));
  if (program === undefined) return planned;
  return {
    command: [program, ...words],
    prompt: goesOn.prompt,
    leftSession: left,
    fresh: { sessionId: left, command, prompt: RUN_FILES.prompt },
  };
}

/** Null: no session is left. */
export function fileOf({ goesOn }: RunnerSpec): string | null {
  const { HOME } = process.env;
  return goesOn && HOME ? join(HOME, goesOn.file) : null;
}

async function read(file: string): Promise<string | null> {
  const text = (await readFile(file, "utf8").catch(() => "")).trim();
  return SESSION_ID.test(text) ? text : null;
}

/** Keeps the newest session's id in the file, as long as there may be a next pod. */
export class LeftSession {
  readonly #file: string | null;
  #left = "";
  #writing: Promise<void> = Promise.resolve();

  /** @param file null: nothing is left */
  constructor(file: string | null) {
    this.#file = file;
  }

  /** Called often; writes when the id is another one. */
  see(sessionId: string | undefined): void {
    const file = this.#file;
    if (file === null || sessionId === undefined || sessionId === this.#left || !SESSION_ID.test(sessionId)) return;
    this.#left = sessionId;
    this.#writing = this.#writing.then(() => write(file, sessionId));
    // It is told at the end.
    this.#writing.catch(() => undefined);
  }

  /** Settles when all is written; an agent that ended by itself leaves nothing. Rejects when the home cannot be written. */
  async end({ ending }: Pick<AgentEnd, "ending">): Promise<void> {
    await this.#writing;
    if (this.#file === null || ending === "terminated") return;
    await rm(this.#file, { force: true });
    await sweep(dirname(this.#file)).catch(() => undefined);
  }
}

/** In one step: a pod that is killed now leaves the old id or the new one. */
async function write(file: string, sessionId: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = join(dirname(file), `.${basename(file)}`);
  await writeFile(draft, sessionId, { mode: 0o600 });
  await rename(draft, file);
}

/** What was stopped left its file behind. */
async function sweep(folder: string): Promise<void> {
  for (const name of (await readdir(folder)).slice(0, MAX_SWEPT)) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > KEPT_DAYS * DAY_MS) await rm(path, { force: true });
  }
}
