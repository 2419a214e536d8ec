import { describe, expect, test } from "vitest";
import type { Observation } from "../../../src/run/observe/evidence/reduce.ts";
import { ANNOTATIONS } from "../../../src/run/shared/names.ts";
import type { Fault } from "../../../src/run/shared/run-fault.ts";
import { judge } from "../../../src/run/verdict/verdict.ts";
import {
  ANSWERED,
  agent,
  cancel,
  ended,
  evidenceOf,
  job,
  jobDeleted,
  pod,
  RUNNING,
  result,
  SUCCEEDED,
  T0,
} from "../support/evidence.ts";

const SETTLED = { kind: "interrupted", providerStopped: true, sessionPreserved: true, actionOutcomes: "settled" };

function fault(code: string, more: Partial<Fault> = {}): Observation {
  return {
    kind: "fault",
    fault: { code, message: "It did not work.", fix: "Do this.", status: null, fatal: true, at: T0, ...more },
  };
}

describe("cancelled", () => {
  const stopped = ended(143, {}, { ending: "terminated" });

  test("while it ran: stopped, settled, session kept", () => {
    const verdict = judge(evidenceOf([job(), pod(RUNNING), cancel(), stopped, agent(ANSWERED)]));
    expect(verdict).toMatchObject({ kind: "cancelled", stopped: true, executionRecovery: SETTLED, exitCode: 143 });
    expect(verdict.sentence).toMatch(
      /cancelled: Cancelled by a board operator; .*ended with exit code 143 \(SIGTERM\)/,
    );
  });

  test("a session that dies with its pod is not called preserved", () => {
    const verdict = judge(evidenceOf([job(), cancel(), stopped, agent(ANSWERED)], { sessionPersists: false }));
    expect(verdict).toMatchObject({ kind: "cancelled", executionRecovery: null });
  });

  test("before there was a Job, and before the pod started", () => {
    const early = judge(evidenceOf([cancel()]));
    expect(early).toMatchObject({ kind: "cancelled", stopped: true, executionRecovery: SETTLED });
    expect(early.sentence).toContain("it was stopped before its agent started");
    const suspended: Observation = {
      kind: "job",
      job: { metadata: { name: "j", uid: "job-uid" }, spec: { suspend: true, template: {} } },
      deleted: true,
      at: T0,
    };
    expect(judge(evidenceOf([suspended, cancel()]))).toMatchObject({ kind: "cancelled", stopped: true });
  });

  test("while the Job was held back: stopped only when its controller counts no pod", () => {
    const held = (status: object): Observation => ({
      kind: "job",
      job: { metadata: { name: "j", uid: "job-uid" }, spec: { suspend: true, template: {} }, status },
      deleted: false,
      at: T0,
    });
    const conditions = [{ type: "Suspended", status: "True" }];
    expect(judge(evidenceOf([held({ conditions }), cancel()])).stopped).toBe(true);
    expect(judge(evidenceOf([held({ conditions, terminating: 1 }), cancel()])).stopped).toBe(false);
    expect(judge(evidenceOf([held({}), cancel()])).stopped).toBe(false);
  });

  test("a Job that may have started and cannot be taken back leaves it open whether something runs", () => {
    expect(judge(evidenceOf([fault("k8s_job_create_failed", { mayRun: true }), cancel()]))).toMatchObject({
      kind: "cancelled",
      stopped: false,
    });
    // A create request without an answer would have made a suspended Job.
    expect(judge(evidenceOf([fault("k8s_job_create_failed", { status: 503 }), cancel()])).stopped).toBe(true);
  });

  test("too late: the run had ended before", () => {
    expect(judge(evidenceOf([job(), ended(0), cancel(T0 + 60_000), agent(SUCCEEDED)])).kind).toBe("completed");
    expect(judge(evidenceOf([job(), cancel(T0), ended(0), agent(SUCCEEDED)])).kind).toBe("cancelled");
  });

  test("a pod that only the Job's controller saw may have run", () => {
    const metadata = { name: "ac-agent-run-abc123", uid: "job-uid", annotations: { [ANNOTATIONS.stopped]: "because" } };
    const status = { conditions: [{ type: "Suspended", status: "True" }] };
    const held: Observation = {
      kind: "job",
      job: { metadata, spec: { template: {}, suspend: true }, status },
      deleted: false,
      at: T0,
    };
    const verdict = judge(evidenceOf([job({ active: 1 }), cancel(), held, { kind: "no-pod" }]));
    expect(verdict).toMatchObject({ kind: "cancelled", stopped: true, executionRecovery: null });
    expect(verdict.sentence).not.toContain("before its agent started");
    expect(judge(evidenceOf([job(), cancel(), held, { kind: "no-pod" }])).sentence).toContain(
      "before its agent started",
    );
  });

  test("explains the deletion that follows it", () => {
    expect(judge(evidenceOf([job(), pod(RUNNING), cancel(), jobDeleted(), agent(ANSWERED)])).code).toBe("cancelled");
  });
});

describe("disrupted", () => {
  test.each([
    ["PreemptionByScheduler", /preempted/],
    ["EvictionByEvictionAPI", /drain/],
    ["DeletionByTaintManager", /node does not answer/],
    ["DeletionByPodGC", /node is gone/],
    ["TerminationByKubelet", /ended by its node/],
    ["SomethingNew", /disrupted \(SomethingNew\)/],
  ])("%s", (reason, sentence) => {
    const conditions = [{ type: "DisruptionTarget", status: "True", reason, message: "words of the cluster" }];
    const verdict = judge(evidenceOf([job(), pod(RUNNING), pod({ phase: "Failed", conditions }), agent(ANSWERED)]));
    expect(verdict).toMatchObject({ kind: "disrupted", code: "claude_truncated", timedOut: false });
    expect(verdict.sentence).toMatch(sentence);
    expect(verdict.sentence).toContain(`[${reason}]: words of the cluster`);
  });

  test("a pod that the kubelet evicted names the resource", () => {
    const status = { phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory." };
    const verdict = judge(evidenceOf([job(), pod(RUNNING), pod(status), agent(ANSWERED)]));
    expect(verdict.sentence).toMatch(/evicted by its node \[Evicted\]: The node was low on resource: memory\./);
  });

  test("a pod that was evicted before its agent started took no session with it", () => {
    const conditions = [{ type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI" }];
    const evicted = { ...pod({ phase: "Pending", conditions }), deleted: true } as Observation;
    const verdict = judge(evidenceOf([job(), evicted], { sessionPersists: false }));
    expect(verdict).toMatchObject({ kind: "disrupted", fix: "Run it again: its agent had not started." });
  });

  test("a pod deleted because its node is lost may still run there", () => {
    const conditions = [{ type: "DisruptionTarget", status: "True", reason: "DeletionByTaintManager" }];
    const lost = { ...pod({ ...RUNNING, conditions }), deleted: true } as Observation;
    expect(judge(evidenceOf([job(), lost, agent(ANSWERED)]))).toMatchObject({ kind: "disrupted", stopped: false });
  });

  test("an agent that had finished before is not disrupted", () => {
    const conditions = [{ type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI" }];
    expect(judge(evidenceOf([job(), pod({ conditions }), ended(0), agent(SUCCEEDED)])).kind).toBe("completed");
    const quota = result({ isError: true, apiErrorStatus: 401, terminalReason: "api_error" });
    expect(judge(evidenceOf([job(), pod({ conditions }), ended(1), agent({ ...ANSWERED, result: quota })])).code).toBe(
      "claude_auth_required",
    );
  });
});

describe("left by the host", () => {
  const detach: Observation = { kind: "act", act: { kind: "detach", reason: "lease lost", at: T0 } };

  test("before there was a Job: nothing was started, and that is said", () => {
    const verdict = judge(evidenceOf([detach]));
    expect(verdict).toMatchObject({ code: "k8s_controller_detached", executionRecovery: { kind: "bootstrap" } });
    expect(verdict.sentence).toBe("Paperclip left the run before anything of it was started: lease lost.");
  });

  test("a Job that was deleted does not go on", () => {
    const verdict = judge(evidenceOf([job(), pod(RUNNING), jobDeleted(), detach, agent(ANSWERED)]));
    expect(verdict.code).toBe("k8s_job_deleted_externally");
  });
});

test("a Job that somebody suspended before its agent started is not said to have run", () => {
  const spec = { template: {}, suspend: true };
  const metadata = { name: "ac-agent-run-abc123", uid: "job-uid" };
  const status = { conditions: [{ type: "Suspended", status: "True", reason: "JobSuspended" }] };
  const suspended: Observation = { kind: "job", job: { metadata, spec, status }, deleted: false, at: T0 };
  const gone = { ...pod({ phase: "Pending" }), deleted: true } as Observation;
  const verdict = judge(evidenceOf([job(), pod({ phase: "Pending" }), suspended, gone]));
  expect(verdict).toMatchObject({ code: "k8s_job_suspended", executionRecovery: { kind: "bootstrap" } });
  expect(verdict.sentence).toMatch(/so the cluster deleted its pod, before its agent started\.$/);
});

describe("the adapter's own faults", () => {
  test.each([
    "k8s_concurrent_run_blocked",
    "k8s_concurrency_guard_unreachable",
    "k8s_agent_id_invalid",
    "k8s_job_create_failed",
  ])("%s", (code) => {
    const verdict = judge(evidenceOf([fault(code, { status: 403 })]));
    expect(verdict).toMatchObject({
      kind: "adapter-fault",
      code,
      sentence: "It did not work.",
      fix: "Do this.",
      stopped: true,
    });
    expect(verdict).toMatchObject({ executionRecovery: { kind: "bootstrap", providerWorkStarted: false } });
  });

  test("an unknown code keeps its name in the evidence", () => {
    const verdict = judge(evidenceOf([fault("k8s_brand_new")]));
    expect(verdict.code).toBe("k8s_adapter_fault");
    expect(verdict.evidence).toContain("Fault k8s_brand_new");
  });

  test("an API error in passing is not a failure", () => {
    const verdict = judge(
      evidenceOf([job(), fault("k8s_observation_lost", { fatal: false }), ended(0), agent(SUCCEEDED)]),
    );
    expect(verdict.kind).toBe("completed");
    expect(verdict.evidence).toContain("Adapter: It did not work.");
  });

  test("a fatal one does not hide how the run really ended", () => {
    expect(judge(evidenceOf([job(), fault("k8s_observation_lost"), ended(0), agent(SUCCEEDED)])).kind).toBe(
      "completed",
    );
  });
});

test("no credential that another program wrote reaches the sentence", () => {
  const seal = {
    stderr: { lines: 1, bytes: 1, dropped: 0, tail: "bad key sk-ant-api03-abcdefghijk\n" },
    stdout: { lines: 0, bytes: 0, sha256: "", newline: true },
  };
  const verdict = judge(evidenceOf([job(), ended(1, {}, seal)]));
  expect(JSON.stringify(verdict)).not.toContain("sk-ant");
  expect(verdict.sentence).toContain("[redacted]");
});

test("a resumed run that never began says nothing of its session", () => {
  const verdict = judge(evidenceOf([fault("k8s_job_create_failed", { status: 403 })], { resumedSessionId: "s-9" }));
  expect(verdict).toMatchObject({ sessionId: null, clearSession: false });
});
