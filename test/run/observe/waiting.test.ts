import type { Event, Pod } from "kubernetes-types/core/v1";
import { describe, expect, test } from "vitest";
import { noEvidence, reduceEvidence } from "../../../src/run/observe/evidence/reduce.ts";
import { describeWaiting, type Waiting } from "../../../src/run/observe/waiting/waiting.ts";
import { judge } from "../../../src/run/verdict/verdict.ts";
import { container, JOB, podObject, RUN, T0 } from "../support/evidence.ts";
import { RECORDED_CONTAINER, readRecording } from "../support/recording.ts";

/** What a recorded Job waited for, each time that it changed, until the pod was being deleted or ended. */
function story(name: string): Waiting[] {
  const told: Waiting[] = [];
  const events: Event[] = [];
  let pod: Pod | null = null;
  let job = null;
  for (const seen of readRecording(name).observations) {
    if (seen.kind === "pod") pod = seen.pod;
    if (seen.kind === "job") job = seen.job;
    if (seen.kind === "event") events.push(seen.event);
    if (pod?.metadata?.deletionTimestamp) break;
    const waiting = describeWaiting({ pod, job, events, container: RECORDED_CONTAINER });
    const before = told.at(-1);
    if (before?.state !== waiting.state || before.reason !== waiting.reason) told.push(waiting);
  }
  return told;
}

function states(name: string): string[] {
  return story(name).map(({ state, reason }) => `${state} ${reason}`.trim());
}

describe("recorded lives", () => {
  test("a normal start", () => {
    expect(states("success")).toEqual([
      "no-pod",
      "unscheduled Pending",
      "creating ContainerCreating",
      "creating Pulled",
      "creating Created",
      "creating Started",
      "ready Running",
      "ready Completed",
    ]);
  });

  test("a pull that fails flips its reason, but is one state with the registry's words", () => {
    const told = story("imagepull");
    expect(told.map(({ state, reason }) => `${state} ${reason}`).slice(-2)).toEqual([
      "pulling Pulling",
      "image-error ImagePullBackOff",
    ]);
    expect(told.at(-1)).toMatchObject({
      patience: "retry-limit",
      message: expect.stringMatching(/^rpc error: code = NotFound .*not found$/),
    });
  });

  test.each([
    ["badimage", "image-error", "InvalidImageName", "fatal", /Bad Image/],
    ["nevershow", "image-error", "ErrImageNeverPull", "fatal", /not present with pull policy of Never/],
    ["cfgerr", "config-error", "CreateContainerConfigError", "retry-limit", /secret "missing" not found/],
    ["volsecret", "mount", "FailedMount", "retry-limit", /secret "missing2" not found/],
    ["unsched", "unscheduled", "Unschedulable", "forever-until-limit", /0\/1 nodes are available/],
    ["cmdmissing", "failed", "StartError", "fatal", /no such file or directory/],
    ["initfail", "failed", "Error", "fatal", /init container init: exit code 7: initmsg/],
  ])("%s", (name, state, reason, patience, message) => {
    const last = story(name).at(-1);
    expect(last).toMatchObject({ state, reason, patience, message: expect.stringMatching(message) });
    expect(last?.fix).toMatch(/\w{3}/);
  });

  test("a Job created suspended waits for its release", () => {
    expect(states("suspended")).toContain("suspended Suspended");
    expect(states("suspended")).toContain("ready Running");
  });

  test("a pod that is being deleted is not given up before it is gone: then it is known why", () => {
    const { pods } = readRecording("delpending");
    expect(describeWaiting({ pod: pods[0] ?? null, job: null, events: [], container: "main" })).toMatchObject({
      state: "gone",
      patience: "forever-until-limit",
    });
  });
});

function refused(message: string): Waiting {
  const event: Event = {
    metadata: {},
    involvedObject: { kind: "Job" },
    reason: "FailedCreate",
    type: "Warning",
    message,
  };
  return describeWaiting({ pod: null, job: JOB, events: [event], container: "claude" });
}

describe("a pod that may not be created", () => {
  test("is the same refusal under every name that the controller draws", () => {
    const [one, two] = ["abcde", "x7k2p"].map((drawn) =>
      refused(`Error creating: pods "ac-agent-run-1-${drawn}" is forbidden: exceeded quota: team, limited: pods=1`),
    );
    expect(one).toEqual(two);
    expect(one?.message).toContain('pods "ac-agent-run-1-…"');
  });

  test.each([
    [
      'Error creating: pods "x" is forbidden: exceeded quota: team, requested: cpu=4, used: cpu=6, limited: cpu=8',
      "quota",
      "forever-until-limit",
      /ResourceQuota/,
    ],
    [
      'Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
      "admission",
      "fatal",
      /Pod Security/,
    ],
    [
      'Error creating: pods "x" is forbidden: error looking up service account agents/bot: serviceaccount "bot" not found',
      "admission",
      "retry-limit",
      /ServiceAccount/,
    ],
    [
      'Error creating: pods "x" is forbidden: maximum memory usage per Container is 1Gi, but limit is 8Gi',
      "admission",
      "fatal",
      /LimitRange/,
    ],
    [
      'Error creating: admission webhook "policy.example.com" denied the request: no',
      "admission",
      "fatal",
      /admission policy/,
    ],
    ["Error creating: something new", "admission", "retry-limit", /message/],
  ])("%s", (message, state, patience, fix) => {
    expect(refused(message)).toMatchObject({
      state,
      reason: "FailedCreate",
      message,
      patience,
      fix: expect.stringMatching(fix),
    });
  });
});

describe("steps that only Events tell", () => {
  const creating = podObject({
    phase: "Pending",
    containerStatuses: [container({ waiting: { reason: "ContainerCreating" } })],
  });
  const event = (reason: string, second: number): Event => ({
    metadata: {},
    involvedObject: { kind: "Pod" },
    reason,
    message: `${reason} message`,
    lastTimestamp: `2026-11-22T07:00:0${second}Z`,
  });

  test("the newest step counts, in whatever order the Events come", () => {
    const seen = [event("Pulling", 3), event("FailedMount", 1)];
    expect(describeWaiting({ pod: creating, job: null, events: seen, container: "claude" })).toMatchObject({
      state: "pulling",
    });
    expect(
      describeWaiting({ pod: creating, job: null, events: [...seen, event("FailedMount", 4)], container: "claude" }),
    ).toMatchObject({ state: "mount" });
  });

  test("an old kubelet's back-off has no registry words: its Event has", () => {
    const pod = podObject({
      phase: "Pending",
      containerStatuses: [
        container({ waiting: { reason: "ImagePullBackOff", message: 'Back-off pulling image "x:1"' } }),
      ],
    });
    const failed = { ...event("Failed", 2), message: 'Failed to pull image "x:1": 401 Unauthorized' };
    expect(describeWaiting({ pod, job: null, events: [failed], container: "claude" }).message).toContain(
      "401 Unauthorized",
    );
  });
});

describe("when waiting was given up", () => {
  test("what we then stop is not called deleted from outside", () => {
    const waiting: Waiting = {
      state: "image-error",
      reason: "ImagePullBackOff",
      message: "not found",
      fix: "Fix it.",
      patience: "retry-limit",
    };
    const act = { kind: "act", act: { kind: "gave-up", waiting, waitedSec: 90, at: T0 } } as const;
    for (const name of ["suspendmid", "delpending", "deljobfg"]) {
      const seen = [...readRecording(name).observations, act].reduce(
        reduceEvidence,
        noEvidence({ ...RUN, container: RECORDED_CONTAINER }),
      );
      expect(judge(seen).kind).toBe("start-failed");
    }
  });

  test.each([
    ["imagepull", /could not start within 90 s: ErrImagePull: .*not found/],
    ["unsched", /within 90 s: Unschedulable: 0\/1 nodes are available/],
    ["volsecret", /within 90 s: FailedMount: .*missing2/],
    ["cfgerr", /within 90 s: CreateContainerConfigError: secret "missing" not found/],
  ])("%s is a failed start with the cluster's words and a fix", (name, sentence) => {
    const { observations } = readRecording(name);
    const until = observations.findIndex((seen) => seen.kind === "pod" && seen.pod.metadata?.deletionTimestamp);
    const waiting = story(name).at(-1) as Waiting;
    const act = { kind: "act", act: { kind: "gave-up", waiting, waitedSec: 90, at: 0 } } as const;
    const seen = [...observations.slice(0, until), act].reduce(
      reduceEvidence,
      noEvidence({ ...RUN, container: RECORDED_CONTAINER }),
    );
    const verdict = judge(seen);
    expect(verdict.sentence).toMatch(sentence);
    expect(verdict).toMatchObject({
      kind: "start-failed",
      code: "k8s_pod_schedule_failed",
      executionRecovery: { kind: "bootstrap" },
    });
  });
});
