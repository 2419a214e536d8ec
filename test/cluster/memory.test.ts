/** Out of memory: the container, the agent alone, or one of its tools; each is told as what it was. */
import { expect, it } from "vitest";
import type { Devcluster } from "../../devcluster/src/index.ts";
import { leftovers } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, SESSION, startRun, type TestRun } from "./support/run.ts";
import { onDevcluster, useDevcluster } from "./support/use-place.ts";

let place: Place;
let devcluster: Devcluster;
// Nothing limits memory on the devcluster, and a real kernel chooses its victim itself.
useDevcluster((opened, itsDevcluster) => {
  place = opened;
  devcluster = itsDevcluster;
});

async function exhaust(run: TestRun, child: boolean): Promise<void> {
  const { payload } = await run.event("k8s.pod.running");
  await run.said("working");
  await devcluster.node.oomKill({ namespace: place.namespace, name: String(payload?.pod) }, { child });
}

onDevcluster("out of memory", () => {
  it("the container: it says so, with 137, and what had been said stands", async () => {
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; echo working; sleep 60` });
    await exhaust(run, false);
    const result = await run.result;
    expect(result).toMatchObject({ errorCode: "k8s_out_of_memory", sessionId: SESSION });
    expect(result.errorMessage).toMatch(/OOMKilled/);
    expect(result.errorMessage).toMatch(/What to do: .*resources\.limits\.memory/);
    expect(run.stdout()).toContain("working");
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("the agent alone: the runner lives, and seals the whole transcript", async () => {
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; echo working; exec sleep 60` });
    await exhaust(run, true);
    const result = await run.result;
    expect(result).toMatchObject({ errorCode: "k8s_out_of_memory", signal: "SIGKILL", sessionId: SESSION });
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 2 });
    expect(await leftovers(place, run)).toEqual([]);
  });

  it("a tool of the agent: the run completes, and says what its tool met", async () => {
    const agent = `cat >/dev/null; ${INIT}; sh -c 'echo working; sleep 60; :'; echo "the tool ended with $?"; ${RESULT}`;
    const run = startRun(place, { agent });
    await exhaust(run, true);
    const result = await run.result;
    expect(result, result.errorMessage ?? "").toMatchObject({ exitCode: 0, errorCode: null });
    expect(run.stdout()).toMatch(/the tool ended with (0|137)/);
    expect(result.resultJson?.transcript).toMatchObject({ complete: true, lines: 4 });
    expect(JSON.stringify(result.resultJson?.evidence)).toMatch(
      /killed a process in the container because memory ran out/,
    );
    expect(await leftovers(place, run)).toEqual([]);
  });
});
