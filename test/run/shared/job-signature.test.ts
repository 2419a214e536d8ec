import type { Job } from "kubernetes-types/batch/v1";
import { describe, expect, it } from "vitest";
import { Installation } from "../../../src/paperclip/installation.ts";
import { planRun } from "../../../src/run/plan/run-plan.ts";
import {
  isJobSigned,
  isPodSigned,
  isTokenOf,
  mayBeSignedBy,
  signJob,
  tokenHash,
} from "../../../src/run/shared/job-signature.ts";
import { ANNOTATIONS, LABELS } from "../../../src/run/shared/names.ts";
import { input } from "../support/plan-input.ts";

const installation = new Installation("installation-1", "default", "a-secret");
const { job } = planRun(input());
const TOKEN = "run-token-secret";

const edited = (metadata: { labels?: object; annotations?: object; name?: string; namespace?: string }): Job => ({
  ...job,
  metadata: {
    ...job.metadata,
    ...metadata,
    labels: { ...job.metadata?.labels, ...metadata.labels },
    annotations: { ...job.metadata?.annotations, ...metadata.annotations },
  },
});

describe("a planned Job", () => {
  it("is signed, and names the hash of its token, and no token", () => {
    expect(isJobSigned(job, installation)).toBe(true);
    expect(job.metadata?.annotations?.[ANNOTATIONS.tokenHash]).toBe(tokenHash(TOKEN));
    expect(isTokenOf(job, TOKEN)).toBe(true);
    expect(isTokenOf(job, "another")).toBe(false);
    expect(isTokenOf(job, null)).toBe(false);
    expect(JSON.stringify(job)).not.toContain(TOKEN);
    expect(JSON.stringify(job)).not.toContain("a-secret");
  });

  it("stays signed when a run adopts it, its session is known, and it is started, stopped and collected", () => {
    const labels = { [LABELS.runId]: "run-2", [LABELS.taskId]: "task-2", [LABELS.sessionId]: "session" };
    const words = ["runId", "taskId", "adoptedFrom", "started", "stopped", "collected"] as const;
    const annotations = Object.fromEntries(words.map((word) => [ANNOTATIONS[word], "run-2"]));
    expect(isJobSigned(edited({ labels, annotations }), installation)).toBe(true);
  });

  it.each([
    ["name", { name: "ac-another" }],
    ["namespace", { namespace: "another" }],
    ["agent", { labels: { [LABELS.agentId]: "agent-2" } }],
    ["company", { labels: { [LABELS.companyId]: "company-2" } }],
    ["instance", { labels: { [LABELS.instance]: "installation-2" } }],
    ["token", { annotations: { [ANNOTATIONS.tokenHash]: tokenHash("another") } }],
    ["terms", { annotations: { [ANNOTATIONS.terms]: "{}" } }],
    ["signature", { annotations: { [ANNOTATIONS.signature]: "0".repeat(64) } }],
  ])("is not signed with another %s", (_, metadata) => {
    expect(isJobSigned(edited(metadata), installation)).toBe(false);
    expect(mayBeSignedBy(edited(metadata), installation)).toBe(false);
  });

  it("is signed for its Paperclip alone", () => {
    expect(isJobSigned(job, new Installation("installation-1", "default", "another"))).toBe(false);
    expect(isJobSigned(job, new Installation("installation-1", "default", null))).toBe(false);
  });

  it("signs its pod, which carries the Job's name as a label; a Job's signature is no pod's", () => {
    const template = job.spec?.template.metadata ?? {};
    const pod = {
      ...template,
      namespace: job.metadata?.namespace ?? "",
      labels: { ...template.labels, "job-name": job.metadata?.name ?? "" },
    };
    expect(isPodSigned(pod, installation)).toBe(true);
    expect(isPodSigned({ ...pod, labels: { ...pod.labels, "job-name": "another" } }, installation)).toBe(false);
    const jobs = job.metadata?.annotations?.[ANNOTATIONS.signature] ?? "";
    const copied = { ...pod.annotations, [ANNOTATIONS.signature]: jobs };
    expect(isPodSigned({ ...pod, annotations: copied }, installation)).toBe(false);
  });

  it("of a Paperclip without a secret has the hash alone, and is taken for its own by the label", () => {
    const none = new Installation("installation-1", "default", null);
    const { annotations, labels, ...rest } = job.metadata ?? {};
    const unsigned = { ...job, metadata: { ...rest, labels: labels ?? {} } };
    const made = signJob(unsigned, none, TOKEN);
    expect(made.metadata?.annotations).toEqual({ [ANNOTATIONS.tokenHash]: tokenHash(TOKEN) });
    expect(mayBeSignedBy(made, none)).toBe(true);
    expect(mayBeSignedBy(edited({ labels: { [LABELS.instance]: "installation-2" } }), none)).toBe(false);
    expect(annotations).toBeDefined();
  });
});
