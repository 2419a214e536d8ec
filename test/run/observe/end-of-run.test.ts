import { describe, expect, it } from "vitest";
import { causeIsPending, hasEnded } from "../../../src/run/observe/end-of-run.ts";
import { ANNOTATIONS } from "../../../src/run/shared/names.ts";
import { judge } from "../../../src/run/verdict/verdict.ts";
import {
  ANSWERED,
  agent,
  cancel,
  container,
  ended,
  evidenceOf,
  JOB,
  job,
  jobDeleted,
  pod,
  podObject,
  RUNNING,
  sealOf,
  T0,
} from "../support/evidence.ts";

const failed = { conditions: [{ type: "Failed", status: "True" }] };
const NO_POD = { kind: "no-pod" } as const;
const held = { conditions: [{ type: "Suspended", status: "True" }] };

function stopped(status: object) {
  const metadata = { ...JOB.metadata, annotations: { [ANNOTATIONS.stopped]: "because" } };
  return {
    kind: "job",
    job: { ...JOB, metadata, spec: { template: {}, suspend: true }, status },
    deleted: false,
    at: 0,
  } as const;
}

describe("a run has ended", () => {
  it.each([
    ["when its container has", [job(), pod(RUNNING), ended(0)], true],
    ["not while its container runs", [job(), pod(RUNNING)], false],
    ["29: not when its Job has failed and its pod still runs", [job(), pod(RUNNING), job(failed)], false],
    ["when its Job is gone and no pod is left", [job(), jobDeleted(), NO_POD], true],
    ["not when its Job is gone and nobody looked for its pod", [job(), jobDeleted()], false],
    ["not when its Job is over and its pod was not told of yet", [job(failed)], false],
    ["when its Job is over and has no pod", [job(failed), NO_POD], true],
    ["not while its Job waits for a pod, though there is none yet", [job(), NO_POD], false],
    ["not when a pod was found after all", [job(failed), NO_POD, pod(RUNNING)], false],
    ["not when its Job is gone and its pod still runs", [job(), pod(RUNNING), jobDeleted()], false],
    ["when it was stopped before it had a pod", [job(), stopped(held), NO_POD], true],
    ["not before anybody looked for one: the suspension may be that of its birth", [job(), stopped(held)], false],
    ["not before the controller has seen that", [job(), stopped({}), NO_POD], false],
    ["not while the controller still counts a pod", [job(), stopped({ ...held, terminating: 1 }), NO_POD], false],
    ["not while it waits for its pod", [job()], false],
  ])("%s", (_, seen, expected) => {
    expect(hasEnded(evidenceOf(seen))).toBe(expected);
  });
});

describe("lesson 3: honest causes for a truncated run", () => {
  const overWithoutState = pod({ phase: "Failed" });

  it("the container's end is waited for when the pod is over and does not show it yet", () => {
    const lagging = [job(), pod(RUNNING), agent(ANSWERED), overWithoutState];
    expect(hasEnded(evidenceOf(lagging))).toBe(true);
    expect(causeIsPending(evidenceOf(lagging))).toBe(true);
    expect(causeIsPending(evidenceOf([...lagging, ended(137, { reason: "OOMKilled" })]))).toBe(false);
  });

  it("who suspended the Job of a pod that is gone is waited for until the Job's controller says so", () => {
    const spec = { template: {}, suspend: true };
    const suspending = { kind: "job", job: { ...JOB, spec, status: {} }, deleted: false, at: 0 } as const;
    const gone = [job(), pod({ phase: "Pending" }), suspending, { kind: "pod-gone", at: 0 } as const];
    expect(causeIsPending(evidenceOf(gone))).toBe(true);
    const told = { ...suspending, job: { ...suspending.job, status: held } };
    expect(causeIsPending(evidenceOf([...gone, told]))).toBe(false);
  });

  it("nothing is waited for when the pod is gone with its Job, or has said why itself", () => {
    expect(causeIsPending(evidenceOf([job(), pod(RUNNING), { kind: "pod-gone", at: 0 }, job(failed)]))).toBe(false);
    expect(causeIsPending(evidenceOf([job(), pod({ phase: "Failed", reason: "Evicted" })]))).toBe(false);
  });
});

describe("a run that was stopped", () => {
  /** Another container of the pod goes on: a sidecar that was injected and does not end. */
  const agentEnded = (at: number) =>
    ({
      kind: "pod",
      pod: podObject({
        phase: "Running",
        containerStatuses: [
          container({ terminated: { exitCode: 143, reason: "Error", startedAt: "2026-11-22T07:00:01Z" } }),
          container({ running: {} }, "istio-proxy"),
        ],
      }),
      deleted: false,
      at,
    }) as const;

  it("has ended with the agent's container, and its cause is known: no sidecar is waited for", () => {
    const evidence = evidenceOf([job(), pod(RUNNING), cancel(T0), agentEnded(T0 + 5)]);
    expect(hasEnded(evidence)).toBe(true);
    expect(causeIsPending(evidence)).toBe(false);
  });

  const sealed = { kind: "log-sealed", seal: sealOf(143, { ending: "terminated" }), at: T0 + 5 } as const;

  it("has ended when its log has ended with the runner's seal, which judges it", () => {
    const evidence = evidenceOf([job(), pod(RUNNING), cancel(T0), stopped({}), sealed]);
    expect(hasEnded(evidence)).toBe(true);
    expect(causeIsPending(evidence)).toBe(false);
    expect(judge(evidence)).toMatchObject({ code: "cancelled", exitCode: 143, stopped: true });
  });

  it("believes what the termination message says later, not the log", () => {
    const late = ended(137, { reason: "Error", message: JSON.stringify(sealOf(7)) });
    const evidence = evidenceOf([job(), pod(RUNNING), cancel(T0), stopped({}), sealed, late]);
    expect(evidence.seal?.exitCode).toBe(7);
  });

  it.each([
    ["nobody has stopped", [job(), pod(RUNNING), sealed]],
    ["is to be stopped, and is not yet", [job(), pod(RUNNING), cancel(T0), sealed]],
    ["an earlier process has stopped", [job(), pod(RUNNING), stopped({}), sealed]],
  ])("has not ended by its log alone when %s: the agent can write there", (_, seen) => {
    const evidence = evidenceOf(seen);
    expect(hasEnded(evidence)).toBe(false);
    expect(evidence.seal).toBeNull();
    expect(judge(evidence).stopped).toBe(false);
  });

  it("after its agent's end was not stopped by that: why it ended may still be told", () => {
    const evidence = evidenceOf([job(), pod(RUNNING), agentEnded(T0), cancel(T0 + 5)]);
    expect(causeIsPending(evidence)).toBe(true);
  });
});
