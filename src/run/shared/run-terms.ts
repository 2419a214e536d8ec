/**
 * What whoever takes over a Job must know of its plan, kept on the Job itself: the process that planned it may be gone.
 * Anyone with `get jobs` reads it, so it names what the Job's own specification shows anyway, and nothing secret.
 */
import type { Job } from "kubernetes-types/batch/v1";
import { z } from "zod";
import type { SessionTerms } from "../../paperclip/session.ts";
import type { RunFacts } from "../observe/evidence/evidence.ts";
import { ANNOTATIONS, CONTAINER } from "./names.ts";
import type { RunPlan } from "../plan/run-plan.ts";

export interface RunTerms {
  readonly facts: RunFacts;
  /** Seconds the agent has to save its session when it is stopped. */
  readonly graceSec: number;
  /** Where the session lies that this Job's agent writes, and what it was started with. */
  readonly session: SessionTerms;
}

const written = z.object({
  model: z.string().nullable(),
  resumes: z.string().nullable(),
  timeoutSec: z.number(),
  graceSec: z.number(),
  cwd: z.string(),
  home: z.string().nullable(),
  // Versions before 1.0 do not say.
  promptBundleKey: z.string().nullable().default(null),
  mcpServerIdentity: z.string().nullable().default(null),
});

/** The terms of a Job: its own where it has them, for they say how its agent was started; else those of the run's plan. */
export function termsOf(job: Job, plan: Pick<RunPlan, "facts" | "graceSec" | "session">): Terms {
  const own = readTerms(job);
  if (!own) return plan;
  const { workspaceId, repoUrl, repoRef } = plan.session;
  return { ...own, session: rememberedSession(own.session, { workspaceId, repoUrl, repoRef }) };
}

/** As Paperclip is to remember it: what there is not, is not there. */
export function rememberedSession(terms: SessionTerms, workspace: WorkspaceOfSession): RunPlan["session"] {
  const all = { ...terms, ...workspace };
  const known = Object.entries(all).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(known) as RunPlan["session"];
}

type WorkspaceOfSession = Readonly<Record<"workspaceId" | "repoUrl" | "repoRef", string | null | undefined>>;

type Terms = Pick<RunPlan, "facts" | "graceSec" | "session">;

export function writeTerms({ facts, graceSec, session }: RunTerms): string {
  const { model, resumedSessionId: resumes, timeoutSec } = facts;
  return JSON.stringify({ model, resumes, timeoutSec, graceSec, ...session } satisfies z.infer<typeof written>);
}

/** Null when the Job does not say: an older version made it, or somebody changed it. */
export function readTerms(job: Job): RunTerms | null {
  const { data } = written.safeParse(parse(job.metadata?.annotations?.[ANNOTATIONS.terms]));
  if (!data) return null;
  const { model, resumes, timeoutSec, graceSec, ...session } = data;
  const { home } = session;
  const facts = { container: CONTAINER, model, resumedSessionId: resumes, sessionPersists: home !== null, timeoutSec };
  return { facts, graceSec, session };
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return null;
  }
}
