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
      patience: "missing-object",
      message: expect.stringMatching(/^rpc error: code = NotFound .*not found$/),
    });
  });

  test.each([
    ["badimage", "image-error", "InvalidImageName", "fatal", /Bad Image/],
    ["nevershow", "image-error", "ErrImageNeverPull", "fatal", /not present with pull policy of Never/],
    ["cfgerr", "config-error", "CreateContainerConfigError", "missing-object", /secret "missing" not found/],
    ["volsecret", "mount", "FailedMount", "missing-object", /secret "missing2" not found/],
    ["unsched", "unscheduled", "Unschedulable", "time", /0\/1 nodes are available/],
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
      patience: "time",
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
      "time",
      /ResourceQuota/,
    ],
    [
      'Error creating: pods "x" is forbidden: failed quota: team: must specify requests.cpu for: mesh-proxy',
      "quota",
      "fatal",
      /resources\.requests.*LimitRange/,
    ],
    [
      'Error creating: Operation cannot be fulfilled on resourcequotas "team": the object has been modified; please apply your changes to the latest version and try again',
      "quota",
      "time",
      /^Wait/,
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
      "missing-object",
      /ServiceAccount/,
    ],
    [
      'Error creating: pods "x" is forbidden: maximum memory usage per Container is 1Gi, but limit is 8Gi',
      "admission",
      "fatal",
      /LimitRange/,
    ],
    ...[
      "minimum memory usage per Container is 1Gi, but request is 64Mi",
      "minimum cpu usage per Pod is 1.  No request is specified",
      "[maximum cpu usage per Container is 2, but limit is 4, maximum memory usage per Container is 1Gi, but limit is 8Gi]",
    ].map((why): [string, string, string, RegExp] => [
      `Error creating: pods "x" is forbidden: ${why}`,
      "admission",
      "fatal",
      /LimitRange/,
    ]),
    [
      'Error creating: admission webhook "policy.example.com" denied the request: no',
      "admission",
      "fatal",
      /admission policy/,
    ],
    [
      'Error creating: Internal error occurred: failed calling webhook "mutate.example.com": context deadline exceeded',
      "admission",
      "retried",
      /webhook/,
    ],
    [
      'Error creating: pods "x" is forbidden: unable to validate against any security context constraint: [provider restricted-v2: .containers[0].runAsUser: Invalid value: 1000]',
      "admission",
      "fatal",
      /constraint that takes the user/,
    ],
    [
      'Error creating: pods "x" is forbidden: memory max limit to request ratio per Pod is 2, but provided ratio is 4.000000',
      "admission",
      "fatal",
      /LimitRange/,
    ],
    [
      'Error creating: Pod "x" is invalid: spec.containers[1].env[0].name: Invalid value: "A=B": a valid environment variable name must not contain =',
      "admission",
      "fatal",
      /webhook, a policy or podTemplate/,
    ],
    [
      'Error creating: Pod "x" is invalid: spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
      "admission",
      "fatal",
      /resources\.requests and resources\.limits.*LimitRange/,
    ],
    [
      'Error creating: pods "x" is forbidden: pod rejected: RuntimeClass "gvisor" not found',
      "admission",
      "missing-object",
      /runtimeClassName/,
    ],
    [
      'Error creating: pods "x" is forbidden: no PriorityClass with name high was found',
      "admission",
      "missing-object",
      /priorityClassName/,
    ],
    [
      `Error creating: pods "x" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: failed expression: no`,
      "admission",
      "fatal",
      /admission policy/,
    ],
    [
      'Error creating: pods "x" is forbidden: image policy webhook backend denied one or more images: not signed',
      "admission",
      "fatal",
      /admission policy/,
    ],
    [
      'Error creating: pods "x" is forbidden: pod node label selector conflicts with its namespace node label selector',
      "admission",
      "fatal",
      /nodeSelector/,
    ],
    [
      'Error creating: pods "x" is forbidden: pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist',
      "admission",
      "fatal",
      /tolerations/,
    ],
    ["Error creating: etcdserver: request timed out", "admission", "retried", /^Wait/],
    ["Error creating: Too many requests, please try again later.", "admission", "retried", /^Wait/],
    ["Error creating: something new", "admission", "retried", /message/],
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

describe("how long it is worth to wait", () => {
  const creating = podObject({
    phase: "Pending",
    containerStatuses: [container({ waiting: { reason: "ContainerCreating" } })],
  });
  const told = (reason: string, message: string): Waiting => {
    const event: Event = { metadata: {}, involvedObject: { kind: "Pod" }, reason, type: "Warning", message };
    return describeWaiting({ pod: creating, job: null, events: [event], container: "claude" });
  };

  test.each([
    [
      "FailedAttachVolume",
      'Multi-Attach error for volume "pv" Volume is already used by pod(s) agent-1',
      /ReadWriteMany/,
    ],
    [
      "FailedAttachVolume",
      'Multi-Attach error for volume "pv" Volume is already exclusively attached to one node and can\'t be attached to another',
      /ReadWriteMany/,
    ],
    ["FailedAttachVolume", "AttachVolume.Attach failed: rpc error: code = DeadlineExceeded", /driver/],
    [
      "FailedMount",
      'MountVolume.SetUp failed for volume "pv": hostPath type check failed: /tmp/late is not a directory',
      /volume/,
    ],
    [
      "FailedMount",
      'MountVolume.SetUp failed for volume "pv": driver name efs.csi.aws.com not found in the list',
      /volume/,
    ],
    ["FailedCreatePodSandBox", "plugin type=calico failed: failed to assign an IP address to container", /network/],
  ])("%s heals: %s", (reason, message, fix) => {
    expect(told(reason, message)).toMatchObject({ patience: "retried", message, fix: expect.stringMatching(fix) });
  });

  test.each([
    ["FailedMount", 'MountVolume.SetUp failed for volume "v" : secret "x" not found'],
    ["FailedMount", 'MountVolume.SetUp failed for volume "v" : configmap "x" not found'],
    ["FailedMount", 'MountVolume.SetUp failed for volume "v" : references non-existent secret key: k'],
  ])("%s names what is missing: %s", (reason, message) => {
    expect(told(reason, message).patience).toBe("missing-object");
  });

  test("an attached volume is no trouble any more", () => {
    expect(told("SuccessfulAttachVolume", "AttachVolume.Attach succeeded")).toMatchObject({
      state: "creating",
      patience: "time",
    });
  });

  const pulls = (message: string, reason = "ImagePullBackOff"): Waiting =>
    describeWaiting({
      pod: podObject({ phase: "Pending", containerStatuses: [container({ waiting: { reason, message } })] }),
      job: null,
      events: [],
      container: "claude",
    });

  test.each([
    ["retried", 'Back-off pulling image "r/x:1": ErrImagePull: dial tcp 10.0.0.1:443: connect: connection refused'],
    ["retried", 'Back-off pulling image "r/x:1": ErrImagePull: unexpected status: 503 Service Unavailable'],
    ["retried", 'Back-off pulling image "r/x:1": ErrImagePull: toomanyrequests: rate exceeded'],
    ["retried", 'Back-off pulling image "r/x:1": ErrImagePull: authorization failed: no basic auth credentials'],
    [
      "missing-object",
      'Back-off pulling image "r/x:1": ErrImagePull: rpc error: code = NotFound desc = r/x:1: not found',
    ],
    ["missing-object", 'Back-off pulling image "r/x:1": ErrImagePull: manifest unknown'],
  ])("an image is %s: %s", (patience, message) => {
    expect(pulls(message).patience).toBe(patience);
  });

  const company = (name: string, state: Parameters<typeof container>[0], more: object = {}) => ({
    ...container(state, name),
    ...more,
  });
  const beside = (agent: Parameters<typeof container>[0], other: ReturnType<typeof company>): Waiting =>
    describeWaiting({
      pod: podObject({ phase: "Pending", containerStatuses: [other, container(agent)] }),
      job: null,
      events: [],
      container: "claude",
    });
  const CREATING = { waiting: { reason: "ContainerCreating" } };

  test("a container beside the agent's that never starts does not keep the agent from starting", () => {
    for (const reason of ["InvalidImageName", "ErrImagePull", "CreateContainerConfigError"]) {
      const message = 'secret "mesh" not found: manifest unknown';
      expect(beside(CREATING, company("istio-proxy", { waiting: { reason, message } }))).toMatchObject({
        state: "creating",
        patience: "time",
      });
    }
  });

  const initially = (native: boolean, status: ReturnType<typeof company>): Waiting => {
    const pod = podObject({
      phase: "Pending",
      initContainerStatuses: [status],
      containerStatuses: [container({ waiting: { reason: "PodInitializing" } })],
    });
    const init = { name: status.name, ...(native ? { restartPolicy: "Always" } : {}) };
    const spec = { ...pod.spec, initContainers: [init] } as never;
    return describeWaiting({ pod: { ...pod, spec }, job: null, events: [], container: "claude" });
  };

  test("an init container of somebody else is named, and its image is not called the agent's", () => {
    const waits = { waiting: { reason: "ImagePullBackOff", message: "manifest unknown" } };
    const told = initially(false, company("vault-init", waits));
    expect(told).toMatchObject({ state: "image-error", message: "init container vault-init: manifest unknown" });
    expect(told.fix).toMatch(/^Correct the init container vault-init where it comes from/);
    expect(initially(false, company("cli", waits)).fix).toMatch(/^Check the second image.*\(cliImage\)/);
  });

  test.each([
    [
      "fails over and over",
      { waiting: { reason: "CrashLoopBackOff", message: "back-off 40s restarting failed container" } },
      { lastState: { terminated: { exitCode: 1, reason: "Error" } }, restartCount: 3 },
      "init container istio-proxy: back-off 40s restarting failed container; it ended with exit code 1 (Error)",
    ],
    [
      "has just failed",
      { terminated: { exitCode: 7, reason: "Error" } },
      {},
      "init container istio-proxy: it ended with exit code 7 (Error)",
    ],
    ["does not get ready", { running: {} }, { started: false }, "init container istio-proxy: it has not started yet"],
  ])("a native sidecar that the agent waits for, and which %s, is named", (_, state, more, message) => {
    expect(initially(true, company("istio-proxy", state, more))).toMatchObject({
      state: "initializing",
      patience: "retried",
      message,
      fix: "Read the log of the init container istio-proxy.",
    });
  });

  test("the kubelet's objection to the image's user never heals", () => {
    const message = "container has runAsNonRoot and image will run as root";
    expect(pulls(message, "CreateContainerConfigError").patience).toBe("fatal");
  });

  test("a volume that only one pod may use holds the scheduler back, with that reason", () => {
    const message =
      "0/1 nodes are available: 1 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode.";
    const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }];
    const pod = podObject({ phase: "Pending", conditions });
    const { spec } = pod;
    expect(
      describeWaiting({
        pod: { ...pod, spec: { ...spec, nodeName: "" } as never },
        job: null,
        events: [],
        container: "claude",
      }),
    ).toMatchObject({ state: "unscheduled", patience: "time", message, fix: expect.stringMatching(/ReadWriteMany/) });
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
      patience: "retried",
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
    ["imagepull", /could not start within 90 s: ImagePullBackOff: .*not found/],
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
