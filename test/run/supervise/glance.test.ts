/** Which Jobs need no question: what a list of their company's runs says, asked of a Paperclip over HTTP. */
import type { Job } from "kubernetes-types/batch/v1";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Installation } from "../../../src/paperclip/installation.ts";
import { signJob } from "../../../src/run/shared/job-signature.ts";
import { ANNOTATIONS, LABELS } from "../../../src/run/shared/names.ts";
import { Glance } from "../../../src/run/supervise/glance.ts";
import { nextMark, writeMark } from "../../../src/run/supervise/wake/woken-mark.ts";
import { type FakePaperclip, startFakePaperclip } from "../../cluster/support/paperclip.ts";

const installation = new Installation("this-one", "default", "a-secret");
const LIST = "GET /api/companies/company/heartbeat-runs";
const MINUTE_MS = 60_000;
const ALIVE = { kind: "alive", status: "running" } as const;

let paperclip: FakePaperclip;
let now: number;
beforeEach(async () => {
  paperclip = await startFakePaperclip();
  now = Date.UTC(2026, 10, 22);
});
afterEach(() => paperclip.close());

function jobOf(runId: string, annotations: Record<string, string> = {}, signed = true): Job {
  const job: Job = {
    metadata: {
      name: `job-of-${runId}`,
      namespace: "runs",
      uid: `uid-of-${runId}`,
      creationTimestamp: new Date(now).toISOString(),
      labels: {
        [LABELS.agentId]: "agent",
        [LABELS.companyId]: "company",
        [LABELS.instance]: installation.label,
        [LABELS.runId]: runId,
      },
      annotations: { [ANNOTATIONS.started]: new Date(now).toISOString() },
    },
    spec: { suspend: false, template: {} },
  };
  const made = signed ? signJob(job, installation, "token") : job;
  return { ...made, metadata: { ...made.metadata, annotations: { ...made.metadata?.annotations, ...annotations } } };
}

/** A round over these Jobs. */
const roundOver = (...jobs: Job[]): Glance =>
  new Glance({
    installation,
    paperclipUrl: () => paperclip.url,
    now: () => now,
    place: "runs",
    jobs,
    signal: new AbortController().signal,
  });

/** What Paperclip has taken for the company. */
function learnt(): void {
  const job = jobOf("any");
  roundOver(job).learn(job, { url: paperclip.url, token: "token" }, ALIVE);
}

const isSettled = (job: Job): Promise<boolean> => roundOver(job).isSettled(job);

describe("a Job needs no question", () => {
  it("when its run is alive: one list tells of all runs of a company", async () => {
    const jobs = Array.from({ length: 40 }, (_, index) => jobOf(`run-${index}`));
    for (const index of jobs.keys()) paperclip.set(`run-${index}`, index % 2 ? "running" : "queued");
    const first = roundOver(...jobs);
    expect(await Promise.all(jobs.map((job) => first.isSettled(job)))).toEqual(jobs.map(() => false));
    expect(paperclip.requests).toEqual([]);
    learnt();
    const second = roundOver(...jobs);
    expect(await Promise.all(jobs.map((job) => second.isSettled(job)))).toEqual(jobs.map(() => true));
    expect(paperclip.requests).toEqual([LIST]);
  });

  it("not when its run is over, not known, or the Job is to be dealt with whatever its run is", async () => {
    learnt();
    for (const status of ["failed", "interrupted", "timed_out", "succeeded", "cancelled"]) {
      paperclip.set("run", status);
      expect(await isSettled(jobOf("run")), status).toBe(false);
    }
    expect(await isSettled(jobOf("another"))).toBe(false);
    paperclip.set("run", "running");
    expect(await isSettled(jobOf("run"))).toBe(true);
    expect(await isSettled(jobOf("run", { [ANNOTATIONS.collected]: "run" }))).toBe(false);
    const unknown = { type: "AgentUnknown", status: "True" };
    expect(await isSettled({ ...jobOf("run"), status: { conditions: [unknown] } })).toBe(false);
  });

  it("not when it only looks like one of this Paperclip's: the operator is to be told", async () => {
    learnt();
    paperclip.set("run", "running");
    expect(await isSettled(jobOf("run", {}, false))).toBe(false);
    expect(await isSettled(jobOf("run", { [ANNOTATIONS.signature]: "forged" }))).toBe(false);
  });

  it("for half a minute after somebody has asked for its next run, unless that one was cancelled", async () => {
    learnt();
    paperclip.set("run", "failed");
    const mark = nextMark(null, "run", now);
    const asked = jobOf("run", mark ? writeMark(mark) : {});
    expect(await isSettled(asked)).toBe(true);
    const ofAnother = nextMark(null, "earlier", now);
    expect(await isSettled(jobOf("run", ofAnother ? writeMark(ofAnother) : {}))).toBe(false);
    paperclip.set("run", "cancelled");
    expect(await isSettled(asked)).toBe(false);
    paperclip.set("run", "failed");
    now += MINUTE_MS / 2;
    expect(await isSettled(asked)).toBe(false);
  });

  it("not while Paperclip does not say: a token that is denied is forgotten, a list that is absent left alone", async () => {
    learnt();
    paperclip.set("run", "running");
    const job = jobOf("run");
    paperclip.failWith(503);
    expect(await isSettled(job)).toBe(false);
    paperclip.failWith(404);
    expect(await isSettled(job)).toBe(false);
    paperclip.failWith(null);
    const asked = paperclip.requests.length;
    now += 9 * MINUTE_MS;
    expect(await isSettled(job)).toBe(false);
    expect(paperclip.requests).toHaveLength(asked);
    now += 2 * MINUTE_MS;
    expect(await isSettled(job)).toBe(true);
    paperclip.failWith(401);
    expect(await isSettled(job)).toBe(false);
    paperclip.failWith(null);
    expect(await isSettled(job)).toBe(false);
    learnt();
    expect(await isSettled(job)).toBe(true);
  });

  it("also of runs that are older than the page, which grows while it lacks many that live", async () => {
    learnt();
    const old = Array.from({ length: 10 }, (_, index) => jobOf(`old-${index}`));
    for (const index of old.keys()) paperclip.set(`old-${index}`, "running");
    for (let newer = 0; newer < 90; newer++) paperclip.set(`newer-${newer}`, "succeeded");
    const settled = async (): Promise<number> => {
      const round = roundOver(...old);
      const found = await Promise.all(old.map((job) => round.isSettled(job)));
      // Each of the others is asked about by itself.
      for (const [index, job] of old.entries())
        if (!found[index]) round.learn(job, { url: paperclip.url, token: "token" }, ALIVE);
      return found.filter(Boolean).length;
    };
    expect(await settled()).toBe(0);
    expect(await settled()).toBe(10);
    expect(await settled()).toBe(10);
  });

  it("by a page that is shorter again when what it lacked is there no more", async () => {
    learnt();
    const sizes = (): number[] => paperclip.pages.slice(-4);
    const look = async (jobs: readonly Job[]): Promise<void> => {
      const round = roundOver(...jobs);
      for (const job of jobs)
        if (!(await round.isSettled(job))) round.learn(job, { url: paperclip.url, token: "token" }, ALIVE);
    };
    const old = Array.from({ length: 30 }, (_, index) => jobOf(`old-${index}`));
    for (const index of old.keys()) paperclip.set(`old-${index}`, "running");
    for (let newer = 0; newer < 150; newer++) paperclip.set(`newer-${newer}`, "succeeded");
    for (let round = 0; round < 5; round++) await look(old);
    expect(sizes()).toEqual([120, 240, 240, 240]);
    const young = jobOf("young");
    paperclip.set("young", "running");
    for (let round = 0; round < 4; round++) await look([young]);
    expect(sizes()).toEqual([240, 120, 60, 50]);
  });
});
