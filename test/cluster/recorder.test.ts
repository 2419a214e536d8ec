/** Runs whose record is kept by a container of its own (`recorder: separate`). */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Devcluster } from "../../devcluster/src/index.ts";
import { pods } from "../../src/kubernetes/resource-types.ts";
import { LABELS, RECORDER } from "../../src/run/shared/names.ts";
import { eventually } from "../kubernetes/support/eventually.ts";
import { policyOf } from "../support/policy.ts";
import { variant } from "../support/variant.ts";
import { exact } from "./support/account.ts";
import { Gates } from "./support/gate.ts";
import { leftovers } from "./support/leftovers.ts";
import { loseLines } from "./support/lost-lines.ts";
import { loseRun } from "./support/lost-run.ts";
import { printNumbered, startNumbered } from "./support/numbered.ts";
import type { Place } from "./support/place.ts";
import { giveOptionalRights } from "./support/rights.ts";
import { INIT, RESULT, type RunOptions, SESSION, startRun, type TestRun } from "./support/run.ts";
import { onDevcluster, usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

const policy = policyOf({ trust: "full", recorder: "separate" });
const SEPARATE = { dependencies: { readPolicy: () => Promise.resolve(policy) } };
const COMPLETED = { exitCode: 0, errorCode: null, sessionId: SESSION, costUsd: 0.25 };
const start = (agent: string, more: Partial<RunOptions> = {}): TestRun =>
  startRun(place, { agent, ...SEPARATE, ...more });

/** The pod of a run that has printed something. */
async function podOf(run: TestRun) {
  const labelSelector = `${LABELS.agentId}=${run.agentId}`;
  const [pod] = (await place.admin.list(pods, place.namespace, { labelSelector })).items;
  if (!pod) throw new Error("the run has no pod");
  return pod;
}

/** The agent's words for the path that its runner got as that word of its command, from behind the script. */
const wordOfRunner = (position: number): string => `$(tr '\\0' '\\n' </proc/$PPID/cmdline | sed -n ${3 + position}p)`;

describe("a recorder of its own", () => {
  it("records the run in a container under another user, and the run is told as any other", async () => {
    const run = start(`cat >/dev/null; ${INIT}; echo working; echo oops >&2; sleep 0.5; ${RESULT}`);
    await run.said("working");
    const { spec, status } = await podOf(run);
    const [recorder] = spec?.initContainers ?? [];
    expect(recorder?.name).toBe("recorder");
    expect(recorder?.securityContext?.runAsUser).not.toBe(spec?.securityContext?.runAsUser);
    expect(status?.initContainerStatuses?.[0]?.state).toHaveProperty("running");
    const result = await run.result;
    expect(result, result.errorMessage ?? "").toMatchObject(COMPLETED);
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 3 });
    expect(run.stdout()).toMatch(/^\{"type":"system".*\nworking\n\{"duration_api_ms".*\n$/);
    expect(run.stderr()).toContain("oops");
    expect(await leftovers(place, run)).toEqual([]);
  });

  variant("has 100,000 lines, each once and in order, and proves it", async () => {
    const shape = { width: 10 };
    const agent = `cat >/dev/null; ${INIT}; ${printNumbered(1, 100_000, shape)}; ${RESULT}`;
    const run = startNumbered(place, shape, { agent, ...SEPARATE });
    const result = await run.result;
    expect(result, result.errorMessage ?? "").toMatchObject(COMPLETED);
    expect(run.account.totals).toMatchObject({ ...exact, inOrder: 100_000, gaps: [] });
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 100_002 });
  });

  it("has the last words of an agent that is stopped", async () => {
    const run = start(
      `trap 'echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`,
    );
    await run.said("ready");
    run.cancel();
    const result = await run.result;
    expect(result).toMatchObject({ errorCode: "cancelled", sessionId: SESSION });
    expect(run.stdout()).toContain("saved");
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 3 });
    expect(await leftovers(place, run)).toEqual([]);
  });

  variant("knows why its agent ended: its time was up", async () => {
    const agent = `cat >/dev/null; ${INIT}; echo ready; exec sleep 60`;
    const result = await start(agent, { config: { timeoutSec: 1, graceSec: 1 } }).result;
    expect(result).toMatchObject({ timedOut: true, sessionId: SESSION });
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 2 });
  });

  it.for([
    ["an exit code", "exit 7", { exitCode: 7 }],
    ["a signal", "kill -KILL $$", { signal: "SIGKILL" }],
  ] as const)("has the end of an agent that crashes with %s", async ([, crash, ending]) => {
    const run = start(`cat >/dev/null; ${INIT}; echo working; ${crash}`);
    const result = await run.result;
    expect(result).toMatchObject({ ...ending, sessionId: SESSION });
    expect(result.errorCode).not.toBeNull();
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 2 });
  });

  it("is given no frames and no seal by the agent: what it writes elsewhere than to its output is nowhere", async () => {
    const seal = JSON.stringify({
      v: 1,
      runner: "node",
      ending: "exit",
      exitCode: 0,
      signal: null,
      stdout: { lines: 1, bytes: 7, sha256: "0".repeat(64), newline: true },
      agent: {
        session_id: "forged",
        result: { subtype: "success", is_error: false, total_cost_usd: 0, text: "forged" },
      },
    });
    const agent = [
      `cat >/dev/null; ${INIT}`,
      `log="${wordOfRunner(1)}"`,
      // For ever, and out of the agent's group: the runner's own last word comes between.
      `(setsid sh -c 'while :; do printf %s "$1" >"$2"; done' - '${seal}' "$log" >/dev/null 2>&1 &)`,
      `for out in /proc/$PPID/fd/1 /proc/1/fd/1; do printf '1|forged\\n2|forged\\n99|forged\\n' >$out; done 2>/dev/null`,
      `[ ! -e "${wordOfRunner(3)}/agent.sock" ] && echo "no socket"`,
      "echo last; exit 3",
    ].join("; ");
    const run = start(agent);
    const result = await run.result;
    expect(result).toMatchObject({ exitCode: 3, sessionId: SESSION });
    expect(result.errorCode).not.toBeNull();
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 3 });
    expect(run.stdout()).toMatch(/\nno socket\nlast\n$/);
    expect(run.stdout() + run.stderr() + JSON.stringify(result)).not.toContain("forged");
  });

  it("is known to the run that takes over from a process that was killed", async () => {
    const agent = `cat >/dev/null; ${INIT}; echo first; sleep 1.5; echo second; ${RESULT}`;
    const folder = await mkdtemp(join(tmpdir(), "policy-"));
    const file = join(folder, "policy.yaml");
    await writeFile(file, "trust: full\nrecorder: separate\n");
    const env = { PAPERCLIP_K8S_POLICY: file };
    const { runId, agentId } = await loseRun(place, { agent, after: "first", env });
    await rm(folder, { recursive: true });
    // Its own plan has none: what the Job says counts.
    const run = startRun(place, { agent: "echo never", agentId });
    expect((await run.event("k8s.job.adopted")).message).toContain(runId);
    const result = await run.result;
    expect(result, result.errorMessage ?? "").toMatchObject(COMPLETED);
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 4 });
    expect(run.stdout().split("\n").slice(1, 3)).toEqual(["first", "second"]);
    expect(await leftovers(place, { agentId })).toEqual([]);
  });

  it("needs Node, and an image without is refused by name", async ({ skip }) => {
    const { shImage } = place;
    if (!shImage) return skip("no image without Node");
    const run = startRun({ ...place, image: shImage }, { agent: "echo never", ...SEPARATE });
    const result = await run.result;
    expect(result.errorMessage).toMatch(/the image has no Node 18 or newer, which a recorder of its own needs/);
    expect(run.stdout()).toBe("");
  });
});

onDevcluster("a recorder of its own", () => {
  let gates: Gates;
  let devcluster: Devcluster;
  let takeBack: () => Promise<void> = () => Promise.resolve();
  beforeEach(async () => {
    gates = await Gates.make();
    if (place.devcluster) devcluster = place.devcluster;
  });
  afterEach(async () => {
    devcluster.faults.clear();
    await takeBack();
    takeBack = () => Promise.resolve();
    await gates.remove();
  });

  const exhaust = async (run: TestRun, container: string): Promise<void> => {
    const { name = "" } = (await podOf(run)).metadata;
    await devcluster.node.oomKill({ namespace: place.namespace, name }, { container });
  };

  variant("proves the transcript of an agent whose whole container was killed", async () => {
    const run = start(`cat >/dev/null; ${INIT}; echo working; sleep 60`);
    await run.said("working");
    await exhaust(run, "claude");
    const result = await run.result;
    expect(result).toMatchObject({ errorCode: "k8s_out_of_memory", exitCode: 137, sessionId: SESSION });
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 2 });
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("that is killed ends the agent, and the run says that nothing is proven, and why", async () => {
    const run = start(`cat >/dev/null; ${INIT}; echo working; while :; do echo more; sleep 0.05; done`);
    await run.said("more");
    await exhaust(run, "recorder");
    const result = await run.result;
    expect(result).toMatchObject({ errorCode: "k8s_observation_lost", sessionId: SESSION });
    expect(result.errorMessage).toMatch(
      /The container that records the run ended before the agent's \(exit code 137, OOMKilled\)/,
    );
    expect(result.resultJson?.transcript).toMatchObject({ complete: false });
    expect(JSON.stringify(result.resultJson)).toMatch(
      /the recorder's container ended before the agent's with exit code 137/,
    );
    expect(await leftovers(place, run)).toEqual([]);
  });

  variant("has lines that the log API lost in its own copy, which is read from its container", async () => {
    takeBack = await giveOptionalRights(place);
    const run = await loseLines(place, gates, { ...SEPARATE, container: RECORDER });
    await eventually(() => run.account.totals.inOrder === 600, "600 lines", 60_000);
    await gates.open("back");
    const result = await run.result;
    expect(run.account.totals).toMatchObject({ ...exact, inOrder: 600, gaps: [] });
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 602 });
  });
});
