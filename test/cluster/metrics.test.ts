/**
 * What is counted of runs that end in every way, as the real Prometheus scrapes it from the endpoint; every query of the
 * dashboard and of the rules is asked there. The faults are the devcluster's; on another cluster they are left out.
 */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ROWS } from "../../scripts/dashboard/panels.ts";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { countTraffic } from "../../src/run/shared/count-traffic.ts";
import { superviseOnce } from "../../src/run/supervise/supervise.ts";
import { serveMetrics } from "../../src/telemetry/prometheus/endpoint.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { policyOf } from "../support/policy.ts";
import {
  type Prometheus,
  prometheusVersion,
  promtool,
  startPrometheus,
  until,
} from "../telemetry/support/prometheus.ts";
import { SERVER_ENV } from "./support/context.ts";
import type { Gates } from "./support/gate.ts";
import { bounded, onTask } from "./support/line.ts";
import { loseLines } from "./support/lost-lines.ts";
import { loseRun } from "./support/lost-run.ts";
import type { Place } from "./support/place.ts";
import { freshId, INIT, RESULT, type RunOptions, startRun } from "./support/run.ts";
import { useGates, usePlace } from "./support/use-place.ts";

let place: Place;
let gates: Gates;
usePlace((opened) => {
  place = opened;
});
useGates((made) => {
  gates = made;
});

const RULES = new URL("../../deploy/dashboards/rules.yaml", import.meta.url);
const SCRAPED_WITHIN_MS = 20_000;

const telemetry = createTelemetry();
const clusters = new ClusterRegistry({ traffic: countTraffic(telemetry) });
const dependencies = { telemetry, clusters };
const ended = new AbortController();
let port = 0;
let prometheus: Prometheus;

beforeAll(async () => {
  const listening = Promise.withResolvers<number>();
  void serveMetrics({
    host: "127.0.0.1",
    port: 0,
    log: (message) => listening.reject(new Error(message)),
    signal: ended.signal,
    telemetry,
    onListening: listening.resolve,
  });
  port = await listening.promise;
  if (prometheusVersion) prometheus = await startPrometheus(`127.0.0.1:${port}`, RULES.pathname);
}, 120_000);
afterAll(async () => {
  ended.abort();
  await prometheus?.stop();
});

const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();

/** The value of one series as it is served now; null when there is none. `series` as it stands in the text. */
async function read(series: string): Promise<number | null> {
  const line = (await metrics()).split("\n").find((text) => text.startsWith(`${series} `));
  return line === undefined ? null : Number(line.slice(series.length + 1));
}

const QUICK = `cat >/dev/null; ${INIT}; echo one; echo two; ${RESULT}`;
const STAYS = `trap 'exit 143' TERM; cat >/dev/null; ${INIT}; echo first; while :; do sleep 0.1; done`;
const MAX_TURNS = `echo '{"type":"result","subtype":"error_max_turns","is_error":true,"errors":["Reached maximum number of turns (2)"],"num_turns":2}'; exit 1`;

const run = (options: RunOptions) =>
  startRun(place, { ...options, dependencies: { ...dependencies, ...options.dependencies } });

describe("the metrics of runs", () => {
  it("count each by its verdict, its code, its phases and what it used", async () => {
    const agentId = `agent-${freshId()}`;
    const lost = await loseRun(place, {
      agent: STAYS.replace("while :", "i=0; while [ $((i+=1)) -lt 20 ]"),
      after: "first",
    });
    const first = run({ agent: STAYS, dependencies: bounded({ perAgent: 1 }), ...onTask(agentId, 0) });
    await first.said("first");
    const second = run({ agent: QUICK, dependencies: bounded({ perAgent: 1 }), ...onTask(agentId, 1) });
    await second.event("k8s.run.waiting");
    expect(await read('claude_k8s_runs_active{phase="turn"}')).toBe(1);
    expect(await read('claude_k8s_runs_active{phase="agent"}')).toBe(1);
    first.cancel();
    const results = await Promise.all([
      first.result,
      second.result,
      run({ agent: QUICK }).result,
      run({ agent: `cat >/dev/null; ${INIT}; exit 3` }).result,
      run({ agent: `cat >/dev/null; ${INIT}; ${MAX_TURNS}` }).result,
      run({ agent: STAYS, config: { timeoutSec: 1 } }).result,
      run({ agent: QUICK, config: { podStartTimeoutSec: 1, nodeSelector: { "kubernetes.io/os": "plan9" } } }).result,
      run({ agent: QUICK, dependencies: { readPolicy: () => Promise.resolve(policyOf({})) } }).result,
      run({ agent: QUICK, agentId: lost.agentId }).result,
    ]);
    const codes = results.map(({ errorCode }) => errorCode ?? null);
    expect(codes.toSorted()).toEqual(
      [
        "cancelled",
        "claude_init_only",
        "k8s_pod_schedule_failed",
        "k8s_policy_refused",
        "max_turns_exhausted",
        "timeout",
        null,
        null,
        "claude_init_only",
      ].toSorted(),
    );
    const of = async (metric: string, label: string): Promise<Record<string, number>> =>
      Object.fromEntries(
        [...(await metrics()).matchAll(new RegExp(`^${metric}\\{${label}="([^"]+)"\\} (\\S+)$`, "gm"))]
          .map(([, name = "", value]) => [name, Number(value)] as const)
          .filter(([, value]) => value !== 0),
      );
    expect(await of("claude_k8s_runs_total", "verdict")).toMatchObject({ completed: 2, cancelled: 1, timeout: 1 });
    expect(await of("claude_k8s_run_failures_total", "code")).toEqual({
      cancelled: 1,
      claude_init_only: 2,
      k8s_pod_schedule_failed: 1,
      k8s_policy_refused: 1,
      max_turns_exhausted: 1,
      timeout: 1,
    });
    expect(await of("claude_k8s_run_limits_total", "limit")).toEqual({
      jobs_at_once: 1,
      max_turns: 1,
      pod_start_timeout: 1,
      policy: 1,
      timeout: 1,
    });
    expect(await of("claude_k8s_run_adoptions_total", "from")).toEqual({ lost_run: 1 });
    expect(await of("claude_k8s_runs_active", "phase")).toEqual({});
    expect(await of("claude_k8s_run_phase_duration_seconds_count", "phase")).toMatchObject({
      prepare: 9,
      claim: 8,
      turn: 1,
      verdict: 8,
    });
    expect(await of("claude_k8s_agent_tokens_total", "type")).toEqual({ input: 14, output: 10 });
    expect(await read("claude_k8s_agent_cost_usd_total")).toBe(0.5);
    // Four lines of each of two, two of the others that began but the one that only stayed on.
    expect(await read("claude_k8s_transcript_lines_total")).toBeGreaterThan(10);
    expect(await read("claude_k8s_transcript_size_bytes_total")).toBeGreaterThan(1000);
    expect((await of("claude_k8s_transcripts_total", "state")).complete).toBeGreaterThanOrEqual(5);
  }, 120_000);

  it("count what the API server and the log cost in trouble", async ({ skip }) => {
    const { devcluster } = place;
    if (!devcluster) return skip("faults need the devcluster");
    const { faults } = devcluster;
    const busy = { kind: "respond", code: 429, retryAfter: 1 } as const;
    faults.add({ match: { method: "POST", path: /\/jobs$/ }, action: busy, count: 1 });
    const agent = `cat >/dev/null; ${INIT}; echo one; echo two; ${gates.waitFor("cut")}; ${RESULT}`;
    const reconnects = () => read("claude_k8s_transcript_reconnects_total");
    // A stream that ends before its container is seen to end is opened again: on a slow machine that is one of those before.
    const before = (await reconnects()) ?? 0;
    const broken = run({ agent });
    await broken.said("two");
    faults.add({ match: { query: /watch=/ }, action: { kind: "expire" }, count: 1 });
    devcluster.cutConnections();
    await until(async () => (await reconnects()) === before + 1, "the broken stream", 20_000);
    await until(async () => /^claude_k8s_watch_relists_total.* 1$/m.test(await metrics()), "the relist", 20_000);
    await gates.open("cut");
    expect(await broken.result).toMatchObject({ errorCode: null, resultJson: { transcript: { complete: true } } });
    expect(await read("claude_k8s_transcript_repeated_lines_total")).toBeGreaterThan(0);
    expect(await read('claude_k8s_api_retries_total{verb="create"}')).toBe(1);
    const losing = await loseLines(place, gates, { dependencies });
    await gates.open("back");
    await losing.result;
    expect(await read('claude_k8s_transcript_lost_lines_total{cause="lost"}')).toBe(200);
    expect(await read('claude_k8s_transcript_gaps_total{outcome="lost"}')).toBe(1);
    expect(await metrics()).toMatch(
      /^claude_k8s_api_requests_total\{verb="get",resource="pods\/log",code="unreachable"\} /m,
    );
    expect(await metrics()).toMatch(
      /^claude_k8s_watch_restarts_total\{resource="(jobs|pods)",reason="unreachable"\} /m,
    );
  }, 120_000);

  it("count the supervisor's looks", async () => {
    const look = (kubeconfig: string) =>
      superviseOnce({
        dependencies: {
          ...dependencies,
          env: SERVER_ENV,
          paperclipUrl: () => place.paperclip.url,
          log: () => undefined,
        },
        places: [{ cluster: { kubeconfig }, namespace: place.namespace }],
        signal: ended.signal,
      });
    await look(place.kubeconfig);
    await look("/nowhere");
    expect(await read('claude_k8s_supervisor_sweeps_total{outcome="done"}')).toBe(1);
    expect(await read('claude_k8s_supervisor_sweeps_total{outcome="failed"}')).toBe(1);
  });

  it("name no run, agent or task, however many there were", async () => {
    const text = await metrics();
    expect(text).not.toMatch(/agent-[0-9a-f]{12}|run-[0-9a-f]{12}|task-\d/);
    expect(text.split("\n").length).toBeLessThan(1500);
  });
});

describe.skipIf(!prometheusVersion)("in the real Prometheus", () => {
  it("are what promtool has nothing to say against", async () => {
    expect(await promtool(["check", "metrics"], await metrics())).toEqual({ code: 0, out: "" });
  });

  it("answer every query of the dashboard", async ({ skip }) => {
    if (!place.devcluster) return skip("what only trouble counts is asked for too");
    const queries = ROWS.flatMap(({ panels }) => panels).flatMap((panel) => panel.queries);
    expect(queries.length).toBeGreaterThan(20);
    const empty = async (): Promise<string[]> => {
      const answers = await Promise.all(
        queries.map(async ({ expr }) => {
          const series = await prometheus.query(expr.replaceAll("$__rate_interval", "5m"));
          return series.length > 0 ? [] : [expr];
        }),
      );
      return answers.flat();
    };
    let left: string[] = [];
    const all = async (): Promise<boolean> => {
      left = await empty();
      return left.length === 0;
    };
    await until(all, "a series of each", SCRAPED_WITHIN_MS).catch(() => "the next line says which are left");
    expect(left).toEqual([]);
  }, 60_000);

  it("answer what each alert compares", async ({ skip }) => {
    if (!place.devcluster) return skip("what only trouble counts is asked for too");
    const { groups } = parse(await readFile(RULES, "utf8")) as {
      groups: { rules: { alert: string; expr: string }[] }[];
    };
    const rules = groups.flatMap((group) => group.rules);
    for (const { alert, expr } of rules) {
      const [, compared = ""] = /^(.+) [<>] [\d.]+$/.exec(expr) ?? [];
      // A rate has a value from the second scrape of its series on.
      await expect
        .poll(() => prometheus.query(compared), { message: alert, timeout: SCRAPED_WITHIN_MS })
        .not.toEqual([]);
    }
    const loaded = (await prometheus.api("/rules")) as { groups: { rules: { name: string; health: string }[] }[] };
    const health = loaded.groups.flatMap((group) => group.rules).map(({ name, health: is }) => `${name} ${is}`);
    expect(health).toEqual(rules.map(({ alert }) => `${alert} ok`));
  }, 60_000);

  it("have their alert fire: two hundred lines were lost", async ({ skip }) => {
    if (!place.devcluster) return skip("faults need the devcluster");
    const firing = async (): Promise<boolean> => {
      const { alerts } = (await prometheus.api("/alerts")) as { alerts: { labels: { alertname: string } }[] };
      return alerts.some(({ labels }) => labels.alertname === "ClaudeK8sLinesLost");
    };
    await until(firing, "the alert", SCRAPED_WITHIN_MS);
  }, 60_000);
});
