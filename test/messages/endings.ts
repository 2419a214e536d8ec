/** The ways in which a run fails, one each: a new cause gets a line here, and with it its place on the page. */
import type { TerminalResult } from "../../src/claude/agent-result.ts";
import type { Observation } from "../../src/run/observe/evidence/reduce.ts";
import type { QueueReading } from "../../src/run/observe/queue/reading.ts";
import { fixForWaiting } from "../../src/run/observe/waiting/fixes.ts";
import { queued } from "../../src/run/observe/waiting/queued.ts";
import { ANNOTATIONS, QUEUE_LABEL } from "../../src/run/shared/names.ts";
import type { RunFacts } from "../../src/run/shared/run-terms.ts";
import { releaseCommands } from "../../src/run/shared/unknown-agent.ts";
import type { Seal } from "../../src/runner/seal.ts";
import {
  ANSWERED,
  agent,
  cancel,
  container,
  ended,
  JOB,
  job,
  jobDeleted,
  pod,
  podObject,
  RUNNING,
  result,
  SUCCEEDED,
  T0,
  transcript,
} from "../run/support/evidence.ts";

export interface Ending {
  readonly title: string;
  readonly seen: readonly Observation[];
  readonly run?: Partial<RunFacts>;
}

const ending = (title: string, seen: readonly Observation[], run: Partial<RunFacts> = {}): Ending => ({
  title,
  seen: [job(), ...seen],
  run,
});

/** The kubelet has started another one, which records nothing; the agent was ended. */
function recorderKilled(): Observation {
  const died = ended(143);
  if (died.kind !== "pod") return died;
  const terminated = { exitCode: 137, reason: "OOMKilled", startedAt: "2026-11-22T07:00:01Z" };
  const again = { running: { startedAt: "2026-11-22T07:00:20Z" } };
  const recorder = { ...container(again, "recorder"), restartCount: 1, lastState: { terminated } };
  return { ...died, pod: { ...died.pod, status: { ...died.pod.status, initContainerStatuses: [recorder] } } };
}

/** The agent's own result event says it. */
const agentError = (title: string, fields: Partial<TerminalResult>, summary = "", more: object = {}): Ending =>
  ending(title, [
    ended(1, {}, { exitCode: 1 }),
    agent({ ...ANSWERED, summary, ...more, result: result({ isError: true, ...fields }) }),
    transcript(12),
  ]);

const apiError = (title: string, fields: Partial<TerminalResult>, summary: string, more: object = {}): Ending =>
  agentError(title, { terminalReason: "api_error", ...fields }, summary, more);

const SESSION = "4f2d7c1e-8a51-4e1f-9a53-6d0a4a7f0d11";
const freshSession = { insteadOf: SESSION, why: `No conversation found with session ID: ${SESSION}` };

const theAgent: readonly Ending[] = [
  ending(
    "The session to resume does not exist",
    [
      ended(1, {}, { exitCode: 1 }),
      agent({
        init: false,
        sessionId: "other",
        result: result({
          subtype: "error_during_execution",
          isError: true,
          numTurns: 0,
          terminalReason: null,
          stopReason: null,
          errors: [`No conversation found with session ID: ${SESSION}`],
        }),
      }),
    ],
    { resumedSessionId: SESSION },
  ),
  apiError(
    "The saved session is refused by the API",
    { apiErrorStatus: 400, apiErrorType: "invalid_request_error" },
    "API Error: 400 diagnostics.previous_message_id: must be the `id` from a prior /v1/messages response (starts with `msg_`)",
  ),
  apiError("An image in the session cannot be read", { apiErrorStatus: 400 }, "API Error: 400 Could not process image"),
  agentError("The limit of turns", {
    subtype: "error_max_turns",
    terminalReason: "max_turns",
    numTurns: 41,
    errors: ["Reached maximum number of turns (40)"],
  }),
  agentError("A refusal", { isError: false, stopReason: "refusal" }),
  agentError("The context is full", { terminalReason: "prompt_too_long" }),
  agentError("The session's history is damaged", { apiError: "tool_history_mismatch" }),
  apiError("The quota of a subscription", { apiErrorStatus: 429, apiError: "usage_limit_reached" }, "", {
    rateLimit: { status: "rejected", resetsAt: 1795335003, type: "five_hour" },
  }),
  apiError(
    "The quota of an API key",
    { apiErrorStatus: 429 },
    "API Error: Request rejected (429) · Usage limit reached",
  ),
  apiError("No credit", { apiErrorStatus: 400, apiErrorType: "billing_error" }, "Credit balance is too low"),
  apiError(
    "No such model",
    { apiErrorStatus: 404, apiErrorType: "not_found_error" },
    "There's an issue with the model",
  ),
  apiError("No valid login", { apiErrorStatus: 401 }, "Invalid API key · Fix external API key", {
    assistantError: "authentication_failed",
  }),
  apiError("An empty completion", { apiError: "empty_completion" }, ""),
  apiError("A throttle", { apiErrorStatus: 429, apiErrorType: "rate_limit_error" }, "API Error: 429 rate limited"),
  apiError("An overloaded API", { apiErrorStatus: 529 }, "API Error: 529 Overloaded"),
  apiError(
    "A request that is refused",
    { apiErrorStatus: 400, apiErrorType: "invalid_request_error" },
    "API Error: 400",
  ),
  apiError("An old Claude Code", { apiErrorStatus: 400, apiError: "claude_code_version_too_old" }, "API Error: 400"),
  agentError("An empty response", { subtype: "error_during_execution", terminalReason: null }, "", {
    progress: "empty",
  }),
  agentError("A budget that is spent", { subtype: "error_max_budget_usd", errors: ["Reached $5"] }),
  agentError("Any other error", { subtype: "error_during_execution", terminalReason: "model_error" }),
  ending("An interrupted agent", [
    ended(0),
    agent({
      ...ANSWERED,
      result: result({ subtype: "error_during_execution", isError: true, terminalReason: "aborted_tools" }),
    }),
  ]),
  ending("A success that the exit code contradicts", [ended(1), agent(SUCCEEDED)]),
  ending("A session that was replaced in the run, which then failed", [
    ended(1, {}, { exitCode: 1, freshSession, agent: { session_id: ANSWERED.sessionId ?? "" } }),
    agent({
      ...ANSWERED,
      summary: "API Error: 529 Overloaded",
      result: result({ isError: true, apiErrorStatus: 529, terminalReason: "api_error" }),
    }),
  ]),
];

const stderr = (tail: string): Partial<Seal> => ({
  exitCode: 1,
  stdout: { lines: 0, bytes: 0, sha256: "", newline: true },
  stderr: { lines: 1, bytes: tail.length, dropped: 0, tail },
});
const STARTED = { ...ANSWERED, progress: "started", summary: "" } as const;
const unproven = (why: string): Observation => ({ kind: "transcript", report: { state: "unproven", lines: 0, why } });

const noResult: readonly Ending[] = [
  ending("It ended in the middle of its work", [pod(RUNNING), ended(1), agent(ANSWERED), transcript(40)]),
  ending("It was killed", [pod(RUNNING), ended(137), agent(ANSWERED), transcript(40)], { sessionPersists: false }),
  ending("Its pod is gone", [pod(RUNNING), { kind: "pod-gone", at: T0 + 30_000 }, agent(ANSWERED), transcript(40)]),
  ending("It started its session and ended", [ended(1), agent(STARTED), transcript(1)]),
  ending("It ended while it retried", [
    ended(1),
    agent({ ...STARTED, apiRetry: { attempt: 10, maxRetries: 10, status: 529, error: "overloaded" } }),
    transcript(11),
  ]),
  ending("It printed nothing", [ended(1, {}, stderr("error: unknown option '--efort'")), transcript(0)]),
  ending("It may not run as root", [
    ended(1, {}, stderr("--dangerously-skip-permissions cannot be used with root/sudo privileges")),
    transcript(0),
  ]),
  ending("Nothing of it was received", [ended(1), unproven("the log has no line numbers")]),
  ending("Its end was not seen", [pod(RUNNING), { kind: "pod-gone", at: T0 }, agent(SUCCEEDED)]),
  ending("It was stopped before it started", [
    pod(RUNNING),
    ended(143, {}, { exitCode: null, ending: "terminated" }),
    transcript(0),
  ]),
];

const suspendedBy = (annotations: Record<string, string>): Observation => ({
  kind: "job",
  job: {
    metadata: { ...JOB.metadata, annotations },
    spec: { template: {}, suspend: true },
    status: { conditions: [{ type: "Suspended", status: "True", reason: "JobSuspended", message: "Job suspended" }] },
  },
  deleted: false,
  at: T0,
});
const act = (more: Extract<Observation, { kind: "act" }>["act"]): Observation => ({ kind: "act", act: more });
const GONE = { deletionTimestamp: "2026-11-22T07:01:00Z", deletionGracePeriodSeconds: 30 };

const stopped: readonly Ending[] = [
  ending("A Stop", [pod(RUNNING), cancel(), ended(143, {}, { ending: "terminated" }), agent(ANSWERED)]),
  ending("A Stop whose end was not seen", [pod(RUNNING), cancel(), agent(ANSWERED)]),
  ending("A Stop by an earlier process", [
    suspendedBy({ [ANNOTATIONS.stopped]: "Cancelled by a board operator" }),
    ended(143, {}, { ending: "terminated" }),
    agent(ANSWERED),
  ]),
  ending("Its time was up", [ended(143, {}, { ending: "timeout" }), agent(ANSWERED)], { timeoutSec: 3600 }),
  ending("It was silent between tools", [
    ended(143, {}, { ending: "silent", silence: { sec: 3600, tool: null } }),
    agent(ANSWERED),
  ]),
  ending("It was silent during a tool", [
    ended(143, {}, { ending: "silent", silence: { sec: 14_400, tool: "Bash" } }),
    agent(ANSWERED),
  ]),
  ending("The Job was deleted", [pod(RUNNING), jobDeleted(), agent(ANSWERED)]),
  ending("The pod was deleted", [pod(RUNNING, GONE), ended(143, {}, { ending: "terminated" }), agent(ANSWERED)]),
  ending("The pod was deleted before the agent had answered", [pod(RUNNING, GONE), ended(143)]),
  ending("The Job was suspended", [
    pod(RUNNING, GONE),
    suspendedBy({}),
    ended(143, {}, { ending: "terminated" }),
    agent(ANSWERED),
  ]),
  ending("Paperclip went away", [
    pod(RUNNING),
    act({ kind: "detach", reason: "Legacy controller lease lost", at: T0 }),
  ]),
];

const disruption = (title: string, reason: string, message: string): Ending =>
  ending(title, [
    pod(RUNNING),
    pod({
      phase: "Failed",
      conditions: [{ type: "DisruptionTarget", status: "True", reason, message }],
      containerStatuses: [
        container({ terminated: { exitCode: 143, reason: "Error", startedAt: "2026-11-22T07:00:01Z" } }),
      ],
    }),
    agent(ANSWERED),
  ]);
const evicted = (title: string, message: string): Ending =>
  ending(title, [pod(RUNNING), pod({ phase: "Failed", reason: "Evicted", message }), agent(ANSWERED)]);
const withLimit = (memory: string): Observation => {
  const { metadata, spec, status } = podObject(RUNNING);
  const containers = [{ name: "claude", resources: { limits: { memory } } }];
  return { kind: "pod", pod: { metadata, spec: { ...spec, containers }, status } as never, deleted: false, at: T0 };
};
const asks = (memory: string): Observation => {
  const spec = { template: { spec: { containers: [{ name: "claude", resources: { limits: { memory } } }] } } };
  return { kind: "job", job: { ...JOB, spec }, deleted: false, at: T0 };
};

const theCluster: readonly Ending[] = [
  ending("A log that nobody could read", [
    ended(0),
    {
      kind: "transcript",
      report: { state: "unproven", lines: 0, why: "the log could not be read", unread: "refused (403)" },
    },
  ]),
  disruption(
    "A preemption",
    "PreemptionByScheduler",
    "default-scheduler: preempting to accommodate a higher priority pod",
  ),
  ending("A drain before it had answered", [
    pod(RUNNING),
    pod({
      phase: "Failed",
      conditions: [{ type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI" }],
    }),
  ]),
  disruption("A drain", "EvictionByEvictionAPI", "Eviction API: evicting"),
  disruption("A node that does not answer", "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint"),
  ending("A node that does not tell of the pod's end", [
    pod(RUNNING, { deletionTimestamp: "2026-11-22T07:05:00Z", deletionGracePeriodSeconds: 45 }),
    {
      kind: "act",
      act: {
        kind: "gave-up-pod",
        why: "deletion",
        by: "2026-11-22T07:06:00.000Z",
        fix: releaseCommands(JOB, podObject()),
        at: T0 + 400_000,
      },
    },
  ]),
  disruption("A node that is gone", "DeletionByPodGC", "PodGC: node no longer exists"),
  disruption(
    "A node that shuts down",
    "TerminationByKubelet",
    "Pod was terminated in response to imminent node shutdown.",
  ),
  evicted(
    "A node short of memory",
    "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi.",
  ),
  evicted(
    "A pod that uses too much disk",
    "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi.",
  ),
  evicted("A node short of disk", "The node was low on resource: ephemeral-storage."),
  evicted("A volume that is full", 'Usage of EmptyDir volume "cli" exceeds the limit "2Gi".'),
  ending("Out of memory", [asks("8Gi"), withLimit("8Gi"), ended(137, { reason: "OOMKilled" }), agent(ANSWERED)]),
  ending("Out of memory, with a limit that the cluster set", [
    asks("8Gi"),
    withLimit("2Gi"),
    ended(137, { reason: "OOMKilled" }),
    agent(ANSWERED),
  ]),
  ending("Out of memory before it had answered", [ended(137, { reason: "OOMKilled" }), transcript(0)]),
  ending("A command ran out of memory", [ended(1, { reason: "OOMKilled" }), agent(ANSWERED)]),
  ending(
    "The container that keeps the record is killed",
    [recorderKilled(), agent({ ...ANSWERED, progress: "content" }), transcript(12)],
    { recorder: "separate" },
  ),
  ending("The cluster's deadline", [
    ended(143),
    job({
      conditions: [{ type: "Failed", status: "True", reason: "DeadlineExceeded", message: "Job was active longer" }],
    }),
    agent(ANSWERED),
  ]),
];

const notStarted = (title: string, error: string): Ending =>
  ending(title, [pod(RUNNING), ended(127, {}, { exitCode: null, ending: "not-started", error }), transcript(0)]);
const gaveUp = (reason: string, message: string, waitedSec: number): Observation =>
  act({
    kind: "gave-up",
    waiting: {
      state: "unscheduled",
      reason,
      message,
      fix: fixForWaiting(reason, message),
      patience: "time",
    },
    waitedSec,
    at: T0,
  });

const URL = "https://git.example.com/team/app.git/";

const notPrepared = (title: string, notPrepared: NonNullable<Seal["notPrepared"]>, error: string): Ending =>
  ending(title, [
    pod(RUNNING),
    ended(125, {}, { exitCode: null, ending: "not-started", notPrepared, error }),
    transcript(0),
  ]);

const notCloned = (title: string, cause: NonNullable<Seal["notPrepared"]>["cause"], error: string): Ending =>
  notPrepared(title, { step: "checkout", cause }, error);

const noWorkspace: readonly Ending[] = [
  notCloned("No git in the image", "git-missing", `git is not in the image, and ${URL} is to be cloned`),
  notCloned(
    "A repository that asks for a login",
    "login-required",
    "fatal: could not read Username for 'https://git.example.com': terminal prompts disabled",
  ),
  notCloned(
    "A repository that does not exist",
    "repository-missing",
    `remote: Repository not found. fatal: repository '${URL}' not found`,
  ),
  notCloned("An empty repository", "repository-empty", `${URL} has no commit`),
  notCloned("A branch that is gone", "ref-missing", `${URL} has no branch and no tag feature/gone`),
  notCloned(
    "A repository larger than the disk",
    "disk-full",
    "fatal: write error: No space left on device fatal: fetch-pack: invalid index-pack output",
  ),
  notCloned(
    "A certificate that nobody vouches for",
    "untrusted",
    `fatal: unable to access '${URL}': SSL certificate problem: unable to get local issuer certificate`,
  ),
  notCloned(
    "A git server that is away",
    "unreachable",
    `fatal: unable to access '${URL}': Could not resolve host: git.example.com`,
  ),
  notCloned(
    "Files in the way of a clone",
    "occupied",
    "/workspace/app has files of no clone, and the repository has them too: README.md src",
  ),
  notCloned("A clone that takes too long", "timeout", "not done after 1800 s"),
  notCloned("Another fault of git", "failed", "fatal: transport 'file' not allowed"),
  notPrepared("A setup that fails", { step: "setup", cause: "failed" }, "exit code 1: npm error code E404"),
  notPrepared("A setup that takes too long", { step: "setup", cause: "timeout" }, "not done after 900 s: line 7"),
];

/** In Kueue's queue `team-a`, as it was read last. */
const inQueue = (title: string, reading: QueueReading, waitedSec: number): Ending =>
  ending(title, [
    job({}, { labels: { [QUEUE_LABEL]: "team-a" } }),
    { kind: "queue", reading },
    act({ kind: "gave-up", waiting: queued("team-a", reading), waitedSec, at: T0 }),
  ]);

const neverRan: readonly Ending[] = [
  inQueue(
    "A queue that is full for longer than queueTimeoutSec",
    {
      why: "couldn't assign flavors to pod set main: insufficient unused quota for cpu in flavor cpu-flavor, 1 more needed",
      outlook: "waits",
      before: 2,
    },
    3600,
  ),
  inQueue("A queue of which nothing may be read", { why: null, outlook: "waits", before: null }, 3600),
  inQueue(
    "A queue that is not there",
    { why: "LocalQueue team-a doesn't exist", outlook: "missing", before: null },
    120,
  ),
  inQueue("A queue that is stopped", { why: "LocalQueue team-a is inactive", outlook: "held", before: null }, 3600),
  inQueue(
    "A queue that is too small",
    {
      why: "couldn't assign flavors to pod set main: insufficient quota for cpu in flavor cpu-flavor, previously considered podsets requests (0) + current podset request (9) > maximum capacity (2)",
      outlook: "never",
      before: 0,
    },
    120,
  ),
  inQueue(
    "A run that Kueue took out",
    {
      why: "The workload is deactivated due to exceeding the maximum execution time",
      outlook: "deactivated",
      before: null,
    },
    5,
  ),
  ending("No node", [
    pod({
      phase: "Pending",
      conditions: [
        {
          type: "PodScheduled",
          status: "False",
          reason: "Unschedulable",
          message: "0/3 nodes are available: 3 Insufficient memory.",
        },
      ],
    }),
    gaveUp("Unschedulable", "0/3 nodes are available: 3 Insufficient memory.", 900),
  ]),
  ending("A wait that nothing is known to help against", [pod({ phase: "Pending" }), gaveUp("Pending", "", 900)]),
  ending("No image", [
    pod({
      phase: "Pending",
      containerStatuses: [
        container({
          waiting: { reason: "ErrImagePull", message: 'failed to pull "agent:9": manifest unknown: not found' },
        }),
      ],
    }),
    gaveUp("ImagePullBackOff", "", 60),
  ]),
  ending("A program that the image does not have", [
    ended(128, { reason: "StartError", message: "exec: /bin/sh: no such file", startedAt: "1970-01-01T00:00:00Z" }),
  ]),
  ending("An init container that failed", [
    pod({
      phase: "Failed",
      initContainerStatuses: [
        container({ terminated: { exitCode: 7, reason: "Error", message: "no route" } }, "prepare"),
      ],
    }),
  ]),
  notStarted("No Claude Code in the image", "cannot start claude: spawn claude ENOENT"),
  notStarted("A program that is not executable", "cannot start claude: spawn claude EACCES"),
  notStarted("An image for another processor", "cannot start claude: spawn ENOEXEC"),
  notStarted(
    "A home that is not writable",
    "cannot make the working directory: EACCES: permission denied, mkdir '/paperclip/workspaces'",
  ),
  notStarted(
    "A home that is full",
    "cannot make the working directory: ENOSPC: no space left on device, mkdir '/paperclip/w'",
  ),
  notStarted("A Node that does not run", "node could not run the runner"),
];

/** By chapter of the page. */
export const ENDINGS: readonly (readonly [chapter: string, endings: readonly Ending[]])[] = [
  ["The agent itself says what went wrong", theAgent],
  ["The agent ended without a result", noResult],
  ["The run was stopped", stopped],
  ["The cluster ended it", theCluster],
  ["The agent's container did not start", neverRan],
  ["The workspace did not come", noWorkspace],
];
