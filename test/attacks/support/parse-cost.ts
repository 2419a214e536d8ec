/** What it costs this machine to take in 3 MB of JSON that are a million objects, and nothing else: one for each server. */
import { execFileSync } from "node:child_process";

const PARSE = `
const line = Buffer.from('{"type":"assistant","message":{"content":[' + "{},".repeat(1e6) + "{}]}}");
const before = process.threadCpuUsage();
JSON.parse(line.toString("utf8"));
const { user, system } = process.threadCpuUsage(before);
process.stdout.write(String((user + system) / 1000));`;

/** Milliseconds of the main thread's CPU, the median of five fresh processes: in one that has run for a while the heap is as large as it needs. */
export function parseCostMs(): number {
  const costs = Array.from({ length: 5 }, () => Number(execFileSync(process.execPath, ["-e", PARSE])));
  return costs.toSorted((a, b) => a - b)[2] ?? 0;
}
