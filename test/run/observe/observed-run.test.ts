import { describe, expect, it } from "vitest";
import { createObservedRun } from "../../../src/run/observe/observed-run.ts";
import { JOB, podObject, RUN, RUNNING } from "../support/evidence.ts";

const jobAt = (resourceVersion: string, suspend: boolean, deleted = false) =>
  ({
    kind: "job",
    job: { metadata: { ...JOB.metadata, resourceVersion }, spec: { template: {}, suspend } },
    deleted,
    at: 0,
  }) as const;
const podAt = (resourceVersion: string, status: object) =>
  ({ kind: "pod", pod: podObject(status, { resourceVersion }), deleted: false, at: 0 }) as const;

describe("the record of a run", () => {
  it("29: keeps the newer state when the answer to a call comes after what the watch told of later", () => {
    const record = createObservedRun(RUN);
    record.add(jobAt("99", false));
    record.add(jobAt("101", true));
    record.add(jobAt("100", false));
    expect(record.evidence.job).toMatchObject({ suspended: true });
    expect(record.job?.metadata?.resourceVersion).toBe("101");
    record.add(podAt("9", RUNNING ?? {}));
    record.add(podAt("8", { phase: "Pending" }));
    expect(record.evidence.pod).toMatchObject({ phase: "Running" });
  });

  it("takes a last state, and versions that cannot be compared, as they come", () => {
    const record = createObservedRun(RUN);
    record.add(jobAt("not-a-number", true));
    record.add(jobAt("5", false));
    expect(record.evidence.job).toMatchObject({ suspended: false });
    record.add(jobAt("4", true, true));
    expect(record.evidence.job).toMatchObject({ presence: "deleted" });
  });
});
