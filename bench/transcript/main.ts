/**
 * The follower against `curl` of the same stream to /dev/null, in turns, on this machine:
 *
 *     node bench/transcript/main.ts [--megabytes 256] [--rounds 3] [--gigabyte] [--unlimited]
 */
import { type ChildProcess, execFile, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import type { Result, Task } from "./follow.ts";
import { type Chunking, type LogFile, writeLogFile } from "./log-file.ts";

const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "256" },
    rounds: { type: "string", default: "3" },
    gigabyte: { type: "boolean", default: false },
    /** Leaves out the pace of a real API server. */
    unlimited: { type: "boolean", default: false },
  },
});
const BYTES = Number(values.megabytes) * 1e6;
const ROUNDS = Number(values.rounds);
const TICKS = 2000;

/** `paced`: as fast as a real API server; `files`: as fast as the socket goes. */
type Pace = "paced" | "files";

const here = import.meta.dirname;
const folder = await mkdtemp(join(tmpdir(), "bench-transcript-"));
const server = fork(join(here, "server.ts"));
const [address] = (await once(server, "message")) as [{ port: number }];
try {
  console.log(
    `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; best of ${ROUNDS} rounds, ${values.megabytes} MB each\n`,
  );
  await throughput();
  await delay();
  if (values.gigabyte) await memory();
} finally {
  server.disconnect();
  await rm(folder, { recursive: true, force: true });
}

async function throughput(): Promise<void> {
  console.log(
    "| limit | HTTP chunk | line | curl MB/s | client alone MB/s | follower MB/s | ratio to curl | ratio to client | curl CPU s | follower CPU s | proven |",
  );
  console.log("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---|");
  for (const pace of values.unlimited ? (["files"] as const) : (["paced", "files"] as const)) {
    for (const chunking of ["line", "64 KiB"] as const) {
      for (const lineBytes of [300, 1000, 10_000]) await compare(pace, chunking, lineBytes);
    }
  }
}

async function compare(pace: Pace, chunking: Chunking, lineBytes: number): Promise<void> {
  const file = await writeLogFile(join(folder, "log"), BYTES, lineBytes, chunking);
  const curls = [];
  const clients = [];
  const follows = [];
  for (let round = 0; round < ROUNDS; round++) {
    curls.push(await curl(pace, file));
    clients.push(await follow(pace, file, true));
    follows.push(await follow(pace, file));
  }
  const fastest = (results: readonly { seconds: number; cpuSeconds: number }[]) =>
    results.reduce((best, next) => (next.seconds < best.seconds ? next : best));
  const reference = fastest(curls);
  const client = fastest(clients);
  const own = fastest(follows);
  const rate = (seconds: number) => file.bodyBytes / 1e6 / seconds;
  const proven = follows.every((result) => result.state === "complete") ? "yes" : "NO";
  const row = [
    pace === "paced" ? "40 MB/s" : "none",
    chunking,
    lineBytes,
    rate(reference.seconds).toFixed(0),
    rate(client.seconds).toFixed(0),
    rate(own.seconds).toFixed(0),
    (reference.seconds / own.seconds).toFixed(2),
    (client.seconds / own.seconds).toFixed(2),
  ];
  console.log(`| ${[...row, reference.cpuSeconds.toFixed(2), own.cpuSeconds.toFixed(2), proven].join(" | ")} |`);
}

async function delay(): Promise<void> {
  const child = await startFollow("", null, address.port);
  const done = once(child, "message");
  // Both listeners are there before the first line: the server answers the one that came first, first.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  server.send({ ticks: TICKS });
  await once(server, "message");
  child.send("stop");
  const [{ delaysMs }] = (await done) as [Result];
  const sorted = [...delaysMs].sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(2);
  console.log(`\nDelay from a line's arrival at a bare socket to onLog, ${sorted.length} lines at 200 a second:`);
  console.log(`p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(0.9999)} ms`);
}

async function memory(): Promise<void> {
  const file = await writeLogFile(join(folder, "log"), 1e9, 1000, "64 KiB");
  const { idleRssMb, peakRssMb, state, seconds } = await follow("files", file);
  console.log(`\n1 GB of lines of 1,000 bytes in ${seconds.toFixed(1)} s, ${state}:`);
  console.log(
    `RSS ${idleRssMb.toFixed(0)} MB idle, ${peakRssMb.toFixed(0)} MB at most: ${(peakRssMb - idleRssMb).toFixed(0)} MB more`,
  );
}

async function curl(pace: Pace, file: LogFile): Promise<{ seconds: number; cpuSeconds: number }> {
  const url = `http://127.0.0.1:${address.port}/${pace}${file.path}/api/v1`;
  const command = `TIMEFORMAT='%R %U %S'; time curl --silent --show-error --output /dev/null '${url}'`;
  const { stderr } = await promisify(execFile)("bash", ["-c", command]);
  const [real = 0, user = 0, system = 0] = stderr.trim().split(" ").map(Number);
  return { seconds: real, cpuSeconds: user + system };
}

async function follow(pace: Pace, file: LogFile, discard = false): Promise<Result> {
  const child = await startFollow(`/${pace}${file.path}`, file.seal, null, discard);
  const [result] = (await once(child, "message")) as [Result];
  return result;
}

async function startFollow(
  path: string,
  seal: Task["seal"],
  rawPort: number | null,
  discard = false,
): Promise<ChildProcess> {
  const kubeconfig = join(folder, "kubeconfig");
  const cluster = {
    name: "bench",
    cluster: { server: `http://127.0.0.1:${address.port}${path}` },
  };
  const context = { name: "bench", context: { cluster: "bench", user: "bench" } };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [cluster],
    users: [{ name: "bench", user: {} }],
    contexts: [context],
    "current-context": "bench",
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const child = fork(join(here, "follow.ts"), { execArgv: ["--expose-gc"] });
  child.send({ kubeconfig, seal, rawPort, discard } satisfies Task);
  return child;
}
