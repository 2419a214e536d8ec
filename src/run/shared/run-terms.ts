/**
 * What the run that adopts a Job must know of its plan, kept on the Job itself: the process that planned it may be gone.
 * Anyone with `get jobs` reads it, so it names what the Job's own specification shows anyway, and nothing secret.
 */
import type { Job } from "kubernetes-types/batch/v1";
import { z } from "zod";
import { NO_HOME, type SessionParams, type SessionTerms } from "../../paperclip/session.ts";
import { ANNOTATIONS, CONTAINER, RECORDER } from "./names.ts";

/** What the plan knows. */
export interface RunFacts {
  /** Name of the container that runs the agent. */
  readonly container: string;
  /** Present when another container keeps the record: its log is the transcript, its termination message the seal. */
  readonly recorder?: "separate";
  /** The model that was asked for; null = Claude Code's default. */
  readonly model: string | null;
  /** The session that this run was to resume; null = a fresh one. */
  readonly resumedSessionId: string | null;
  /** True when the agent's HOME outlives the pod, so that its session can be resumed. */
  readonly sessionPersists: boolean;
  /** Seconds after which the run is to be ended; 0 = never. */
  readonly timeoutSec: number;
}

/** Name of the container whose log is the transcript, and whose termination message is the seal. */
export const recordedBy = ({ container, recorder }: Pick<RunFacts, "container" | "recorder">): string =>
  recorder ? RECORDER : container;

/** What Paperclip is to remember of the session, but for its id, which Claude Code gives. */
export type RememberedSession = Omit<SessionParams, "sessionId">;

/** The terms under which a run's agent works. */
export interface RunTerms {
  readonly facts: RunFacts;
  /** Seconds the agent has to save its session when it is stopped. */
  readonly graceSec: number;
  readonly silence: SilenceLimits;
  readonly session: RememberedSession;
}

/** When the runner ends an agent that prints nothing, seconds; 0 = never. */
export interface SilenceLimits {
  readonly silenceLimitSec: number;
  /** While a tool call is in flight. */
  readonly toolSilenceLimitSec: number;
}

/** As a Job carries them. */
export interface WrittenTerms extends Omit<RunTerms, "session"> {
  /** Where the session lies that this Job's agent writes, and what it was started with. */
  readonly session: SessionTerms;
}

const written = z.object({
  model: z.string().nullable(),
  resumes: z.string().nullable(),
  timeoutSec: z.number(),
  graceSec: z.number(),
  // Versions before 1.0 do not say, nor have they such limits.
  silenceLimitSec: z.number().default(0),
  toolSilenceLimitSec: z.number().default(0),
  recorder: z.literal("separate").optional(),
  cwd: z.string(),
  home: z.string().nullable(),
  // Versions before 1.0 do not say.
  promptBundleKey: z.string().nullable().default(null),
  mcpServerIdentity: z.string().nullable().default(null),
});

/** The terms of a Job: its own where it has them, for they say how its agent was started; else those of the run's plan. */
export function runTermsOf(job: Job, plan: RunTerms): RunTerms {
  const own = readRunTerms(job);
  if (!own) return plan;
  const { workspaceId, repoUrl, repoRef } = plan.session;
  return { ...own, session: rememberedSession(own.session, { workspaceId, repoUrl, repoRef }) };
}

/** As Paperclip is to remember it: what there is not, is not there. */
export function rememberedSession(terms: SessionTerms, workspace: WorkspaceOfSession): RememberedSession {
  const all = { ...terms, home: terms.home ?? NO_HOME, ...workspace };
  const known = Object.entries(all).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(known) as RememberedSession;
}

type WorkspaceOfSession = Readonly<Record<"workspaceId" | "repoUrl" | "repoRef", string | null | undefined>>;

export function writeRunTerms({ facts, graceSec, silence, session }: WrittenTerms): string {
  const { model, resumedSessionId: resumes, timeoutSec, recorder } = facts;
  const { silenceLimitSec, toolSilenceLimitSec } = silence;
  const limits = { timeoutSec, graceSec, silenceLimitSec, toolSilenceLimitSec };
  const record = recorder ? { recorder } : {};
  return JSON.stringify({ model, resumes, ...limits, ...record, ...session } satisfies z.infer<typeof written>);
}

/** Null when the Job does not say: an older version made it, or somebody changed it. */
export function readRunTerms(job: Job): WrittenTerms | null {
  const { data } = written.safeParse(parse(job.metadata?.annotations?.[ANNOTATIONS.terms]));
  if (!data) return null;
  const { model, resumes, timeoutSec, graceSec, silenceLimitSec, toolSilenceLimitSec, recorder, ...session } = data;
  const { home } = session;
  const facts = {
    container: CONTAINER,
    ...(recorder ? { recorder } : {}),
    model,
    resumedSessionId: resumes,
    sessionPersists: home !== null,
    timeoutSec,
  };
  return { facts, graceSec, silence: { silenceLimitSec, toolSilenceLimitSec }, session };
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return null;
  }
}
