/** Agents of one home: what they share, what is each run's own, and what becomes of a session that is not there. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeClaim } from "./support/host-pod.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, SESSION, startRun } from "./support/run.ts";
import { onDevcluster, useDevcluster } from "./support/use-place.ts";

let place: Place;
useDevcluster((opened) => {
  place = opened;
});

const CLAIM = "home-of-all";
const GONE = "99999999-8888-4777-8666-555555555555";
const UNKNOWN = `echo '{"type":"result","subtype":"error_during_execution","is_error":true,"num_turns":0,"session_id":"${GONE}","total_cost_usd":0,"modelUsage":{},"errors":["No conversation found with session ID: ${GONE}"]}'; exit 1`;

onDevcluster("agents that share a home", () => {
  it("rewrite a configuration of their own, which is brought home; a session that is gone gives way to a fresh one", async () => {
    const home = await makeClaim(place, CLAIM);
    writeFileSync(join(home, ".claude.json"), '{"userID":"u","projects":{}}');
    const own = (name: string): string =>
      `printf %s '{"userID":"u","projects":{"/${name}":{}}}' >"$CLAUDE_CONFIG_DIR/.claude.json"; echo >"$CLAUDE_CONFIG_DIR/projects/${name}.jsonl"`;
    const runs = ["a", "b", "c"].map((name) =>
      startRun(place, { agent: `${INIT}; ${own(name)}; ${RESULT}`, config: { homeClaim: CLAIM } }),
    );
    const results = await Promise.all(runs.map(({ result }) => result));
    for (const result of results) expect(result).toMatchObject({ errorCode: null });
    const merged = JSON.parse(readFileSync(join(home, ".claude.json"), "utf8")) as object;
    expect(merged).toEqual({ userID: "u", projects: { "/a": {}, "/b": {}, "/c": {} } });
    expect(existsSync(join(home, ".claude", "projects", "b.jsonl"))).toBe(true);

    const params = { ...results[0]?.sessionParams, sessionId: GONE };
    const resumed = startRun(place, {
      agent: `case "$*" in *--resume*) ${UNKNOWN} ;; esac; ${INIT}; ${RESULT}`,
      agentId: runs[0]?.agentId ?? "",
      config: { homeClaim: CLAIM },
      context: { runtime: { sessionId: GONE, sessionParams: params, sessionDisplayId: GONE, taskKey: null } },
    });
    expect(await resumed.result).toMatchObject({
      ...{ errorCode: null, sessionId: SESSION, summary: "all done" },
      resultJson: { verdict: "completed", freshSession: { insteadOf: GONE }, transcript: { complete: true, lines: 3 } },
    });
    expect(resumed.stderr()).toContain(`runner: session ${GONE} cannot be resumed`);
  });
});
