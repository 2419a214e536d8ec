/** A run survives the death of its process, at any call that it makes. */
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Devcluster, Fault, RequestRecord } from "../../devcluster/src/index.ts";
import { isLong, some } from "../support/thoroughness.ts";
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
  interface Case {
    readonly when: When;
    readonly then: "the same run again" | "a successor";
    readonly where: "a plain host" | "Paperclip's server";
  }
  /**
   * The order of reads differs from run to run, so that counting might miss one of these. Each is asked for of every case;
   * in the short form of one.
   */
  const named: Readonly<Record<string, { readonly method: string; readonly ends: string }>> = {
    "POST jobs": { method: "POST", ends: "/jobs$" },
    "POST secrets": { method: "POST", ends: "/secrets$" },
    "PATCH jobs": { method: "PATCH", ends: "/jobs/" },
    "GET pods": { method: "GET", ends: "/pods$" },
    "DELETE jobs": { method: "DELETE", ends: "/jobs/" },
    "GET log": { method: "GET", ends: "/log$" },
  };
  /** In the short form each case takes other calls. */
  const STEP = isLong ? 1 : 8;
  const cases = some<Case>(
    (["before", "after"] as const).flatMap((when) =>
      (["the same run again", "a successor"] as const).flatMap((then) =>
        (["a plain host", "Paperclip's server"] as const).map((where) => ({ when, then, where })),
      ),
    ),
  );
  const environments = {
    "a plain host": SERVER_ENV,
    "Paperclip's server": { ...SERVER_ENV, PAPERCLIP_LISTEN_PORT: "3100" },
  };

  // Side by side: each has a namespace of its own, by which its calls are known.
  it.concurrent.each(cases)(
    "of $where, $when it is carried out, then $then",
    async (of) => {
      const apart = await place.apart();
      const start = () => startAdapterProcess(environments[of.where]);
      const bench = new KillBench(apart, devcluster, of, start);
      const killedAt = new Set<string>();
      const calls = new RegExp(`/namespaces/${apart.namespace}/`);
      for (let skip = isLong ? 0 : cases.indexOf(of); ; skip += STEP) {
        const at = await bench.killAt({ match: { path: calls }, skip });
        if (at === null) break;
        killedAt.add(at);
      }
      // A server deletes what is on record only, and here nothing is written down.
      for (const [index, [name, { method, ends }]] of Object.entries(named).entries()) {
        if (!isLong && index % cases.length !== cases.indexOf(of)) continue;
        const match = { method, path: new RegExp(`${calls.source}.*${ends.slice(1)}`) };
        if (!killedAt.has(name) && !(of.where === "Paperclip's server" && name === "DELETE jobs"))
          expect(await bench.killAt({ match, skip: 0 })).toBe(name);
      }
      await bench.close();
    },
    // 127 s of CPU for all eight; a busy machine gives them little.
    600_000,
  );

  const isDone = ({ status }: RequestRecord): boolean => status === 200;

  class KillBench {
    readonly #place: Place;
    readonly #devcluster: Devcluster;
    readonly #case: Case;
    readonly #start: () => Promise<AdapterProcess>;
    /** Starts while the last one works. */
    #spare: Promise<AdapterProcess>;

    constructor(apart: Place, cluster: Devcluster, of: Case, start: () => Promise<AdapterProcess>) {
      this.#place = apart;
      this.#devcluster = cluster;
      this.#case = of;
      this.#start = start;
      this.#spare = start();
    }

    async close(): Promise<void> {
      await (await this.#spare).kill("SIGKILL");
    }

    /** The call at which the process was killed; null when the run ended before it made as many. */
    async killAt(call: Call): Promise<string | null> {
      const { when, then, where } = this.#case;
      const apart = this.#place;
      const adapter = await this.#spare;
      this.#spare = this.#start();
      const counter = join(tmpdir(), `starts-${freshId()}`);
      const agent = `cat >/dev/null; echo started >> ${counter}; ${INIT}; sleep 0.3; ${RESULT}`;
      const settings = settingsOf(apart, { agent });
      const { runId, agentId } = settings;
      const { paperclip } = apart;
      const before = this.#matching(call).length;
      const deletions: Call = {
        match: { method: "DELETE", path: new RegExp(`/namespaces/${apart.namespace}/jobs/`) },
        skip: 0,
      };
      const deletedBefore = this.#matching(deletions).length;
      const fault = this.#devcluster.faults.add({
        ...call,
        count: 1,
        action: when === "before" ? { kind: "delay", milliseconds: 3_600_000 } : { kind: "stall" },
      });
      paperclip.set(runId, "running");
      const ended = adapter.execute(settings, paperclip.url).catch(() => null);
      const at = await Promise.race([ended.then(() => null), this.#hitBy(fault, call, before)]);
      await adapter.kill("SIGKILL");
      fault.remove();
      // A busy machine kills late: what the fault holds up may be a read that the verdict did not wait for.
      const wasDeleted = this.#matching(deletions).slice(deletedBefore).some(isDone);

      paperclip.set(runId, then === "a successor" ? "failed" : "running");
      const again = then === "a successor" ? { wake: { retryOfRunId: runId } } : { runId };
      const run = startRun(apart, { agent, agentId, ...again });
      const result = await run.result;
      expect(result, `${at} ${result.errorMessage}`).toMatchObject({
        exitCode: 0,
        errorCode: null,
        sessionId: SESSION,
      });
      expect(await leftovers(apart, { agentId }), at ?? "").toEqual([]);
      const starts = (await readFile(counter, "utf8")).trim().split("\n").length;
      // Elsewhere than in a server the Job goes with its verdict: then the second attempt cannot know of the first.
      expect(starts, at ?? "").toBe(where === "a plain host" && wasDeleted ? 2 : 1);
      await rm(counter);
      return at;
    }

    /** Resolves with what was called, as soon as the fault has it where it is to be. */
    async #hitBy(fault: Fault, call: Call, before: number): Promise<string> {
      for (;;) {
        const hit = this.#matching(call)[before + call.skip];
        if (fault.hits > 0 && hit && (this.#case.when === "before" || hit.status !== 0))
          return `${hit.method} ${kindOf(hit.path)}`;
        await this.#place.admin.clock.sleep(5);
      }
    }

    #matching({ match }: Call): readonly RequestRecord[] {
      return [...this.#devcluster.requests].filter(
        ({ method, path }) => method === (match.method ?? method) && match.path.test(path),
      );
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
