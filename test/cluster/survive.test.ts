/** A run survives the death of its process, at any call that it makes. SURVIVE_ALL=1: every combination, not half of them. */
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Devcluster, Fault, RequestRecord } from "../../devcluster/src/index.ts";
import { type AdapterProcess, startAdapterProcess } from "./support/adapter-process.ts";
import { freshId, SERVER_ENV, settingsOf } from "./support/context.ts";
import { leftovers } from "./support/leftovers.ts";
import { loseRun } from "./support/lost-run.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, SESSION, startRun } from "./support/run.ts";
import { onDevcluster, useDevcluster } from "./support/use-place.ts";

let place: Place;
let devcluster: Devcluster;
// Faults and the counter file of the agents are the devcluster's: this file does not run on a real cluster.
useDevcluster((opened, itsDevcluster) => {
  place = opened;
  devcluster = itsDevcluster;
});

onDevcluster("SIGKILL at any call to the API server", () => {
  /** `before`: the call has arrived and nothing was done; `after`: it was carried out, and its answer never arrives. */
  type When = "before" | "after";
  /** The call after `skip` others that match. */
  type Call = { readonly match: { readonly method?: string; readonly path: RegExp }; readonly skip: number };
  /** The order of reads differs from run to run, so that counting might miss one of these. */
  const named: Readonly<Record<string, Call["match"]>> = {
    "POST jobs": { method: "POST", path: /jobs$/ },
    "POST secrets": { method: "POST", path: /secrets$/ },
    "PATCH jobs": { method: "PATCH", path: /jobs/ },
    "GET pods": { method: "GET", path: /pods$/ },
    "GET log": { method: "GET", path: /log$/ },
    "DELETE jobs": { method: "DELETE", path: /jobs/ },
  };
  const all = (["before", "after"] as const).flatMap((when) =>
    (["the same run again", "a successor"] as const).flatMap((then) =>
      (["a plain host", "Paperclip's server"] as const).map((where) => ({ when, then, where })),
    ),
  );
  const cases = process.env.SURVIVE_ALL ? all : all.filter((_, index) => index === 0 || index === 7);
  const environments = {
    "a plain host": SERVER_ENV,
    "Paperclip's server": { ...SERVER_ENV, PAPERCLIP_LISTEN_PORT: "3100" },
  };
  let spare: Promise<AdapterProcess>;

  it.each(cases)(
    "of $where, $when it is carried out, then $then",
    async ({ when, then, where }) => {
      const start = () => startAdapterProcess(environments[where]);
      const inServer = where === "Paperclip's server";
      spare = start();
      const killedAt = new Set<string>();
      for (let skip = 0; ; skip++) {
        const at = await killAt({ match: { path: /namespaces/ }, skip }, when, then, start, inServer);
        if (at === null) break;
        killedAt.add(at);
      }
      // A server deletes what is on record only, and here nothing is written down.
      for (const [name, match] of Object.entries(named))
        if (!killedAt.has(name) && !(inServer && name === "DELETE jobs"))
          expect(await killAt({ match, skip: 0 }, when, then, start, inServer)).toBe(name);
      await (await spare).kill("SIGKILL");
    },
    300_000,
  );

  /** The call at which the process was killed; null when the run ended before it made as many. */
  async function killAt(
    call: Call,
    when: When,
    then: string,
    start: () => Promise<AdapterProcess>,
    inServer: boolean,
  ): Promise<string | null> {
    const adapter = await spare;
    spare = start();
    const counter = join(tmpdir(), `starts-${freshId()}`);
    const agent = `cat >/dev/null; echo started >> ${counter}; ${INIT}; sleep 0.3; ${RESULT}`;
    const settings = settingsOf(place, { agent });
    const { runId, agentId } = settings;
    const { paperclip } = place;
    devcluster.requests.clear();
    const fault = devcluster.faults.add({
      ...call,
      count: 1,
      action: when === "before" ? { kind: "delay", milliseconds: 3_600_000 } : { kind: "stall" },
    });
    paperclip.set(runId, "running");
    const ended = adapter.execute(settings, paperclip.url).catch(() => null);
    const at = await Promise.race([ended.then(() => null), hitBy(fault, call, when)]);
    await adapter.kill("SIGKILL");
    fault.remove();

    paperclip.set(runId, then === "a successor" ? "failed" : "running");
    const again = then === "a successor" ? { wake: { retryOfRunId: runId } } : { runId };
    const run = startRun(place, { agent, agentId, ...again });
    const result = await run.result;
    expect(result, `${at} ${result.errorMessage}`).toMatchObject({ exitCode: 0, errorCode: null, sessionId: SESSION });
    expect(await leftovers(place, { agentId }), at ?? "").toEqual([]);
    const starts = (await readFile(counter, "utf8")).trim().split("\n").length;
    // Elsewhere than in a server the Job goes with its verdict: then the second attempt cannot know of the first.
    const wasOver = !inServer && (at === null || (when === "after" && at === "DELETE jobs"));
    expect(starts, at ?? "").toBe(wasOver ? 2 : 1);
    await rm(counter);
    return at;
  }

  /** Resolves with what was called, as soon as the fault has it where it is to be. */
  async function hitBy(fault: Fault, { match, skip }: Call, when: When): Promise<string> {
    const matches = ({ method, path }: RequestRecord) => method === (match.method ?? method) && match.path.test(path);
    for (;;) {
      const hit = [...devcluster.requests].filter(matches)[skip];
      if (fault.hits > 0 && hit && (when === "before" || hit.status !== 0)) return `${hit.method} ${kindOf(hit.path)}`;
      await place.admin.clock.sleep(5);
    }
  }

  const kindOf = (path: string): string =>
    path.endsWith("/log") ? "log" : (/namespaces\/[^/]+\/([a-z]+)/.exec(path)?.[1] ?? path);
});

onDevcluster("SIGTERM of the host", () => {
  it("lesson 1, case 55: ends the process by SIGTERM, touches no Job, and the next process takes the run over", async () => {
    const agent = `trap 'exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; sleep 2; ${RESULT}`;
    const { agentId, endedBy } = await loseRun(place, {
      agent,
      after: "ready",
      signal: "SIGTERM",
      status: "interrupted",
      onKill: () => devcluster.requests.clear(),
    });
    expect(endedBy).toBe("SIGTERM");
    expect([...devcluster.requests].filter(({ method }) => method !== "GET")).toEqual([]);
    const run = startRun(place, { agent, agentId });
    expect(await run.result).toMatchObject({
      exitCode: 0,
      sessionId: SESSION,
      resultJson: { transcript: { lines: 3 } },
    });
    expect(await leftovers(place, { agentId })).toEqual([]);
  });
});
