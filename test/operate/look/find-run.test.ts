import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findRun } from "../../../src/operate/look/find-run.ts";
import type { FoundJob } from "../../../src/operate/look/snapshot.ts";
import { ANNOTATIONS, LABELS } from "../../../src/run/shared/names.ts";

interface Described {
  readonly name: string;
  readonly run: string;
  readonly task?: string;
  readonly kept?: boolean;
  readonly probe?: boolean;
}

const found = ({ name, run, task, kept = false, probe = false }: Described): FoundJob =>
  ({
    job: {
      metadata: {
        name,
        labels: probe ? { [LABELS.probe]: "true" } : {},
        annotations: {
          [ANNOTATIONS.runId]: run,
          ...(task ? { [ANNOTATIONS.taskId]: task } : {}),
          ...(kept ? { [ANNOTATIONS.collected]: run } : {}),
        },
      },
      spec: {},
    },
    pods: [{ metadata: { name: `${name}-x1` } }],
  }) as unknown as FoundJob;

const namesOf = (all: readonly Described[], word: string): string[] =>
  findRun(all.map(found), word).map(({ job }) => job.metadata.name);

describe("RUN", () => {
  const all: Described[] = [
    { name: "ac-a-1", run: "6c023c8f-aaaa", task: "task-1" },
    { name: "ac-a-2", run: "6c023c8f-bbbb", task: "task-1", kept: true },
    { name: "ac-b-3", run: "1111", task: "6c023c8f" },
    { name: "ac-t-4", run: "test-run", probe: true },
  ];

  it.each([
    ["6c023c8f-aaaa", ["ac-a-1"]],
    ["job/ac-a-2", ["ac-a-2"]],
    ["ac-b-3-x1", ["ac-b-3"]],
    // What is not collected goes before what is kept.
    ["task-1", ["ac-a-1"]],
    // A whole id goes before the beginning of others.
    ["6c023c8f", ["ac-b-3"]],
    ["6c023c8f-", ["ac-a-1", "ac-a-2"]],
    ["111", []],
    ["test-run", []],
    ["nothing", []],
  ])("%s", (word, names) => {
    expect(namesOf(all, word)).toEqual(names);
  });

  it("of a whole run id is that run, whatever else there is", () => {
    const ids = fc.uniqueArray(fc.stringMatching(/^[a-f0-9]{4,8}$/), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(ids, fc.nat(), (runs, pick) => {
        const run = runs[pick % runs.length] ?? "";
        const jobs = runs.map((id, index) => ({
          name: `ac-${index}`,
          run: id,
          task: runs[(index + 1) % runs.length] ?? "",
        }));
        expect(namesOf(jobs, run)).toEqual([`ac-${runs.indexOf(run)}`]);
      }),
    );
  });
});
