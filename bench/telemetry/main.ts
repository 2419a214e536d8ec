/**
 * What counting costs: a call with nobody connected, with the Prometheus endpoint's registry, and a scrape; beside a line of
 * the agent with and without the follower's look at whether it is the first.
 *
 *     node bench/telemetry/main.ts
 */
import { cpus } from "node:os";
import { countTraffic } from "../../src/run/shared/count-traffic.ts";
import { hostMetrics, traceInHost } from "../../src/telemetry/host-sdk.ts";
import { createRegistry } from "../../src/telemetry/prometheus/registry.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";

const ROUNDS = 5;

/** Nanoseconds of one call, of the best round. */
function nanoseconds(calls: number, call: () => void): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const began = process.hrtime.bigint();
    for (let count = 0; count < calls; count++) call();
    return Number(process.hrtime.bigint() - began) / calls;
  });
  return Math.min(...rounds);
}

const { registry, sink } = createRegistry();
const nobody = createTelemetry(traceInHost, [hostMetrics()]);
const endpoint = createTelemetry(undefined, [sink]);
const request = { verb: "get", resource: "pods/log" };

console.log(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; best of ${ROUNDS} rounds\n`);
console.log("| what | nobody is connected, ns | with the endpoint, ns |\n|---|---:|---:|");
const [add, answered] = [nobody, endpoint].reduce<[string, string]>(
  ([adds, requests], telemetry) => {
    const traffic = countTraffic(telemetry);
    const one = nanoseconds(300_000, () => telemetry.add("claude_k8s.transcript.reconnects", 1, {}));
    const both = nanoseconds(100_000, () => traffic.answered(request, "200", 12));
    return [`${adds} ${one.toFixed(0)} |`, `${requests} ${both.toFixed(0)} |`];
  },
  ["| one event |", "| one API request |"],
);
console.log(`${add}\n${answered}`);

let begun = false;
let lines = 0;
const plain = nanoseconds(3e7, () => {
  lines++;
});
const looked = nanoseconds(3e7, () => {
  if (!begun) nobody.add("claude_k8s.transcript.reconnects", 1, {});
  begun = true;
  lines++;
});
console.log(`\nA line of the agent: ${(looked - plain).toFixed(1)} ns more (${lines} counted)`);
const began = performance.now();
const text = await registry.metrics();
console.log(`A scrape: ${(performance.now() - began).toFixed(1)} ms, ${text.length} bytes`);
