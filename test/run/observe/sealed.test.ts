/** The seal of a pod whose record is kept by a container of its own. */
import type { ContainerStatus, Pod } from "kubernetes-types/core/v1";
import { describe, expect, it } from "vitest";
import { noEvidence, type Observation, reduceEvidence } from "../../../src/run/observe/evidence/reduce.ts";
import type { Seal } from "../../../src/runner/seal.ts";
import { container, job, podObject, RUN, sealOf, T0 } from "../support/evidence.ts";

type State = ContainerStatus["state"];

const END = { startedAt: "2026-11-22T07:00:01Z", finishedAt: "2026-11-22T07:00:30Z" };
const ended = (exitCode: number, seal?: Seal | null, reason = "Completed"): NonNullable<State> => ({
  terminated: { exitCode, reason, ...END, ...(seal ? { message: JSON.stringify(seal) } : {}) },
});

function pod(agent: State, recorder: State, more: Partial<ContainerStatus> = {}): Observation {
  const status: Pod["status"] = {
    phase: "Running",
    containerStatuses: [container(agent)],
    initContainerStatuses: [{ ...container(recorder, "recorder"), ...more }],
  };
  return { kind: "pod", pod: podObject(status), deleted: false, at: T0 };
}

const see = (...seen: readonly Observation[]) =>
  [job(), ...seen].reduce(reduceEvidence, noEvidence({ ...RUN, recorder: "separate" }));

const stdout = { lines: 3, bytes: 30, sha256: "a".repeat(64), newline: true };
const PARTIAL: Seal = { ...sealOf(null, { ending: "unknown" }), partial: true };
const FORGED = sealOf(0, { stdout: { ...stdout, lines: 1 }, agent: { result: { subtype: "success" } } });
const RUNS: State = { running: { startedAt: "2026-11-22T07:00:01Z" } };

describe("the seal beside a recorder", () => {
  it("is the recorder's, whatever the agent's container has left", () => {
    const early = see(pod(ended(0, FORGED), RUNS));
    expect(early.seal).toBeNull();
    const sealed = sealOf(3, { stdout });
    expect(see(pod(ended(0, FORGED), RUNS), pod(ended(0, FORGED), ended(0, sealed))).seal).toEqual(sealed);
  });

  it("has the agent's end from its container where nothing was told, and no more of it", () => {
    const untold = sealOf(null, { ending: "unknown", stdout });
    expect(see(pod(ended(0, FORGED), ended(0, untold))).seal).toEqual({ ...untold, ending: "exit", exitCode: 0 });
    expect(see(pod(ended(137, null, "OOMKilled"), ended(0, untold))).seal).toEqual(untold);
  });

  it("is missing where the recorder was killed: the agent's container proves nothing in its place", () => {
    expect(see(pod(ended(0, FORGED), ended(137, PARTIAL, "OOMKilled"))).seal).toEqual(PARTIAL);
    expect(see(pod(ended(0, FORGED), ended(137, null, "OOMKilled"))).seal).toBeNull();
  });

  it("is the last line of the recorder's log once the agent's container has ended, though the recorder goes on", () => {
    const sealed = sealOf(3, { stdout });
    const logged = { kind: "log-sealed", seal: sealed, at: T0 } as const;
    expect(see(pod(RUNS, RUNS), logged).seal).toBeNull();
    expect(see(pod(RUNS, RUNS), logged, pod(ended(3, FORGED), RUNS)).seal).toEqual(sealed);
    expect(see(pod(ended(3, FORGED), RUNS), logged).seal).toEqual(sealed);
    // Killed when it had sealed.
    expect(see(logged, pod(ended(3), ended(137, PARTIAL, "OOMKilled"))).seal).toEqual(sealed);
    const untold = { ...logged, seal: sealOf(null, { ending: "unknown", stdout }) };
    expect(see(pod(ended(137, null, "OOMKilled"), RUNS), untold).seal).toEqual(untold.seal);
  });

  it("says why the agent was not started", () => {
    const notStarted = sealOf(null, { ending: "not-started", runner: "sh", error: "no Node" });
    const forged = { ...notStarted, stdout, agent: { session_id: "forged" } };
    expect(see(pod(ended(125, forged, "Error"), ended(0, PARTIAL))).seal).toEqual(notStarted);
  });

  it("is that of the first recorder: one that was started again has recorded nothing", () => {
    const first = sealOf(null, { ending: "unknown", stdout });
    const again = { restartCount: 1, lastState: ended(137, PARTIAL, "OOMKilled") };
    const { seal, pod: facts } = see(pod(RUNS, RUNS, again), pod(ended(143), ended(0, first), again));
    expect(seal).toEqual(PARTIAL);
    expect(facts?.recorder).toMatchObject({ restarted: true, terminated: { exitCode: 137, reason: "OOMKilled" } });
    expect(facts?.others).toEqual([]);
  });
});
