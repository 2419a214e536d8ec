/** The phases that a real cluster shows: replays of what a Kubernetes 1.36 reported of Jobs that ended in many ways. */
import { expect, it } from "vitest";
import { phaseOf } from "../../../src/run/measure/phases.ts";
import { noEvidence, reduceEvidence } from "../../../src/run/observe/evidence/reduce.ts";
import { RUN } from "../support/evidence.ts";
import { RECORDED_CONTAINER, readRecording } from "../support/recording.ts";

/** Each that is new, in the order in which it is shown. */
function phasesOf(recording: string): string[] {
  let evidence = noEvidence({ ...RUN, container: RECORDED_CONTAINER });
  const shown: string[] = [];
  for (const seen of readRecording(recording).observations) {
    evidence = reduceEvidence(evidence, seen);
    const phase = phaseOf({ evidence, job: null });
    if (phase !== null && shown.at(-1) !== phase) shown.push(phase);
  }
  return shown;
}

it.each([
  ["success", ["schedule", "pull", "start", "drain"]],
  ["exit1", ["schedule", "pull", "start", "drain"]],
  ["oompid1", ["schedule", "pull", "start", "drain"]],
  ["evict", ["schedule", "pull", "start", "drain"]],
  ["imagepull", ["schedule", "pull", "drain"]],
  ["cmdmissing", ["schedule", "pull", "drain"]],
  ["unsched", ["schedule", "drain"]],
  ["suspended", ["schedule", "pull", "start", "drain"]],
])("%s: %j", (recording, phases) => {
  expect(phasesOf(recording)).toEqual(phases);
});
