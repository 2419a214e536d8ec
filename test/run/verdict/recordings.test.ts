import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { AgentResult } from "../../../src/claude/agent-result.ts";
import { noEvidence, reduceEvidence } from "../../../src/run/observe/evidence/reduce.ts";
import { type Failure, judge } from "../../../src/run/verdict/verdict.ts";
import { ANSWERED, agent, RUN, SUCCEEDED, transcript } from "../support/evidence.ts";
import { RECORDED_CONTAINER, readRecording } from "../support/recording.ts";

type Row = readonly [
  name: string,
  said: Partial<AgentResult> | null,
  expected: Partial<Failure> | "completed",
  sentence: RegExp,
];

const BOOTSTRAP = { kind: "bootstrap", providerWorkStarted: false } as const;

/** Every recorded life of a Job on a real cluster, with an agent that had answered but given no result, and its verdict. */
const ROWS: readonly Row[] = [
  ["success", SUCCEEDED, "completed", /completed/],
  ["suspended", SUCCEEDED, "completed", /completed/],
  ["ttl", SUCCEEDED, "completed", /completed/],
  ["ttl0", SUCCEEDED, "completed", /completed/],
  ["oomchild", SUCCEEDED, "completed", /completed/],
  ["exit1", ANSWERED, { kind: "truncated", code: "claude_truncated", exitCode: 1 }, /without a result.*exit code 1\./],
  ["pfpfail", ANSWERED, { kind: "truncated", code: "claude_truncated", exitCode: 42 }, /exit code 42/],
  // A finished Job that its TTL removed was not deleted by somebody.
  ["ttl0", ANSWERED, { kind: "truncated", code: "claude_truncated", exitCode: 0 }, /without a result.*exit code 0/],
  [
    "oompid1",
    ANSWERED,
    { kind: "out-of-memory", code: "claude_truncated", exitCode: 137, signal: "SIGKILL" },
    /killed Claude Code .*OOMKilled/,
  ],
  ["oompid1", null, { kind: "out-of-memory", code: "k8s_out_of_memory" }, /OOMKilled/],
  [
    "oomchild",
    ANSWERED,
    { kind: "out-of-memory", code: "claude_truncated", exitCode: 0 },
    /killed a process of Claude Code/,
  ],
  [
    "oomchild3",
    ANSWERED,
    { kind: "out-of-memory", code: "claude_truncated", exitCode: 3 },
    /killed a process of Claude Code/,
  ],
  ["termfalloom", ANSWERED, { kind: "out-of-memory", code: "claude_truncated" }, /OOMKilled/],
  [
    "evict",
    ANSWERED,
    { kind: "disrupted", code: "claude_truncated", stopped: true },
    /evicted.*\[EvictionByEvictionAPI\]: Eviction API: evicting/,
  ],
  ["evict", null, { kind: "disrupted", code: "k8s_pod_disrupted" }, /EvictionByEvictionAPI/],
  ["pfpignore", ANSWERED, { kind: "truncated", code: "claude_truncated" }, /without a result/],
  [
    "delpod",
    ANSWERED,
    { kind: "deleted", code: "claude_truncated", exitCode: 143 },
    /^Pod delpod-\w+ was deleted at 2026-11-22T07:22:\d\d.*not by Paperclip/,
  ],
  ["delpod", null, { kind: "deleted", code: "k8s_pod_deleted_externally" }, /not by Paperclip/],
  ["delpodforce", ANSWERED, { kind: "deleted", code: "claude_truncated" }, /^Pod delpodforce-\w+ was deleted/],
  ["prpfailed", ANSWERED, { kind: "deleted", code: "claude_truncated" }, /^Pod prpfailed-\w+ was deleted/],
  [
    "delpending",
    null,
    { kind: "deleted", code: "k8s_pod_deleted_externally", executionRecovery: BOOTSTRAP, stopped: true },
    /before its agent started/,
  ],
  [
    "prpfailpending",
    null,
    { kind: "deleted", code: "k8s_pod_deleted_externally", executionRecovery: BOOTSTRAP },
    /before its agent started/,
  ],
  [
    "deljobbg",
    ANSWERED,
    { kind: "deleted", code: "k8s_job_deleted_externally", exitCode: 143, stopped: true },
    /^Job deljobbg was deleted/,
  ],
  [
    "deljobfg",
    ANSWERED,
    { kind: "deleted", code: "k8s_job_deleted_externally", exitCode: 143, stopped: true },
    /^Job deljobfg was deleted \(2026-11-22T07:2/,
  ],
  [
    "deljobdef",
    ANSWERED,
    { kind: "deleted", code: "k8s_job_deleted_externally", exitCode: null, stopped: false },
    /; its pod deljobdef-\w+ goes on running/,
  ],
  ["suspendmid", ANSWERED, { kind: "deleted", code: "k8s_job_suspended", exitCode: 143 }, /was suspended/],
  [
    "jobdeadline",
    ANSWERED,
    { kind: "timeout", code: "timeout", timedOut: true, exitCode: 143 },
    /reached the cluster's deadline/,
  ],
  [
    "jobdeadlineslow",
    ANSWERED,
    { kind: "timeout", code: "timeout", timedOut: true, exitCode: 137 },
    /reached the cluster's deadline/,
  ],
  [
    "poddeadline",
    ANSWERED,
    { kind: "timeout", code: "timeout", timedOut: true, exitCode: 143 },
    /reached the cluster's deadline/,
  ],
  [
    "imagepull",
    null,
    { kind: "timeout", timedOut: true, exitCode: null, executionRecovery: BOOTSTRAP },
    /before its agent could start: ErrImagePull: .*not found\.$/,
  ],
  ["badimage", null, { kind: "timeout", timedOut: true, executionRecovery: BOOTSTRAP }, /InvalidImageName/],
  ["nevershow", null, { kind: "timeout", timedOut: true, executionRecovery: BOOTSTRAP }, /ErrImageNeverPull/],
  [
    "cfgerr",
    null,
    { kind: "timeout", timedOut: true, executionRecovery: BOOTSTRAP },
    /CreateContainerConfigError: secret "missing" not found/,
  ],
  [
    "volsecret",
    null,
    { kind: "timeout", timedOut: true, executionRecovery: BOOTSTRAP },
    /FailedMount: .*secret "missing2" not found/,
  ],
  [
    "unsched",
    null,
    { kind: "timeout", timedOut: true, executionRecovery: BOOTSTRAP },
    /Unschedulable: 0\/1 nodes are available/,
  ],
  [
    "cmdmissing",
    null,
    { kind: "start-failed", code: "k8s_pod_schedule_failed", exitCode: 128, executionRecovery: BOOTSTRAP },
    /StartError: .*no such file or directory/,
  ],
  [
    "initfail",
    null,
    { kind: "start-failed", code: "k8s_pod_schedule_failed", executionRecovery: BOOTSTRAP },
    /Init container init ended with exit code 7 \(Error\): initmsg/,
  ],
];

describe("the verdict on every recorded life of a Job", () => {
  test("no recording is left out", () => {
    const files = readdirSync(new URL("../fixtures/k8s/", import.meta.url)).filter((file) => file.endsWith(".json"));
    expect([...new Set(ROWS.map(([name]) => name))].toSorted()).toEqual(
      files.map((file) => file.slice(0, -5)).toSorted(),
    );
  });

  test.each(ROWS)("%s %#", (name, said, expected, sentence) => {
    const { observations } = readRecording(name);
    const start = noEvidence({ ...RUN, container: RECORDED_CONTAINER });
    const all = [...observations, transcript(said ? 4 : 0), ...(said ? [agent(said)] : [])];
    const verdict = judge(all.reduce(reduceEvidence, start));
    expect(verdict.sentence).toMatch(sentence);
    expect(verdict).toMatchObject(expected === "completed" ? { kind: "completed", code: null } : expected);
  });

  test("a child that ran out of memory is told even when the run completed", () => {
    const start = noEvidence({ ...RUN, container: RECORDED_CONTAINER });
    const { evidence } = judge(
      [...readRecording("oomchild").observations, agent(SUCCEEDED)].reduce(reduceEvidence, start),
    );
    expect(evidence.join("\n")).toContain("The kernel killed a process in the container");
  });

  test("the same verdict comes from the last objects alone, for the causes that the cluster keeps in them", () => {
    for (const name of ["evict", "oompid1", "jobdeadline", "poddeadline", "cmdmissing", "initfail"]) {
      const { job, pods } = readRecording(name);
      const start = noEvidence({ ...RUN, container: RECORDED_CONTAINER });
      const seen = [
        { kind: "job", job, deleted: false, at: 0 } as const,
        ...pods.map((pod) => ({ kind: "pod", pod, deleted: false, at: 1 }) as const),
      ];
      const whole = judge(readRecording(name).observations.reduce(reduceEvidence, start));
      expect
        .soft(judge(seen.reduce(reduceEvidence, start)), name)
        .toMatchObject({ kind: whole.kind, code: whole.code, exitCode: whole.exitCode });
    }
  });
});
