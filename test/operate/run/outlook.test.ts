/** What gc removes and what it leaves, by what is known of the run. */
import { expect, it } from "vitest";
import type { FoundJob } from "../../../src/operate/look/snapshot.ts";
import { outlook, removalOf } from "../../../src/operate/run/outlook.ts";
import type { RunStatus } from "../../../src/paperclip/run-status.ts";
import { ANNOTATIONS } from "../../../src/run/shared/names.ts";
import { decideAction } from "../../../src/run/supervise/action.ts";
import type { Judgement } from "../../../src/run/supervise/supervise.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const HOUR_MS = 3600_000;

/** A Job that was never let go, of so many hours ago. */
const candidate = (hours: number, isInLine: boolean): Pick<FoundJob, "job"> =>
  ({
    job: {
      metadata: {
        ...{ name: "ac-1", namespace: "agents", creationTimestamp: new Date(NOW - hours * HOUR_MS).toISOString() },
        annotations: {
          [ANNOTATIONS.runId]: "run-1",
          ...(isInLine ? { [ANNOTATIONS.queued]: new Date(NOW - hours * HOUR_MS).toISOString() } : {}),
        },
      },
      spec: { suspend: true },
      status: {},
    },
  }) as unknown as Pick<FoundJob, "job">;

const expired: RunStatus = { kind: "unreadable", why: "Paperclip does not accept the run's token (401)" } as RunStatus;
const over: RunStatus = { kind: "over", status: "cancelled", reported: null };

const judged = ({ job }: Pick<FoundJob, "job">, status: RunStatus): Judgement => ({
  ...{ kind: "judged", runId: "run-1", agentId: "agent-1", status, access: null },
  action: decideAction(job, status, NOW),
});

it.each([
  ["waits for its turn for three days, and whose run cannot be read: it may be alive", 72, true, expired, false],
  ["waits for its turn, and whose run is over", 72, true, over, true],
  ["waits for nothing, and stayed suspended: its process is done within minutes", 72, false, expired, true],
] as const)("a Job that %s", (_, hours, isInLine, status, isRemoved) => {
  const found = candidate(hours, isInLine);
  const judgement = judged(found, status);
  expect(judgement).toMatchObject({ action: { kind: "remove" } });
  expect(removalOf(found, judgement) !== null).toBe(isRemoved);
  if (isRemoved) expect(outlook(found, judgement)).toBeNull();
  else
    expect(outlook(found, judgement)).toBe(
      "Job agents/ac-1 of run run-1 is left alone: whether its run is over cannot be read (Paperclip does not accept the run's token (401)).",
    );
});
