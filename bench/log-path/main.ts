/**
 * The log path beside `kubectl logs -f` and bare readers, in turns, over HTTPS, on this machine:
 *
 *     node bench/log-path/main.ts [--megabytes 100] [--rounds 5] [--only socket,follower] [--loads unlimited]
 *
 * On a real cluster the log of a pod that has ended, which its kubelet and API server frame: kubectl, client and follower, with
 *
 *     --kubeconfig FILE --namespace NAME --image IMAGE (with Node) [--megabytes 9]
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Seal } from "../../src/runner/seal.ts";
import type { Place, Reader, Task, Usage } from "./read.ts";
import { printedLog } from "./real-pod.ts";
import type { Load } from "./server.ts";

const { values } = parseArgs({
  options: {
    megabytes: { type: "string" },
    rounds: { type: "string", default: "5" },
    only: { type: "string", default: "kubectl,socket,http2,client,follower" },
    loads: { type: "string", default: "28,40,unlimited,lines" },
    kubeconfig: { type: "string" },
    namespace: { type: "string", default: "default" },
    image: { type: "string", default: "" },
    /** For the readers' Node, such as --cpu-prof. */
    node: { type: "string", multiple: true, default: [] },
  },
});
type Measured = Reader | "kubectl";
const readers = values.only
  .split(",")
  .filter((reader) => !values.kubeconfig || !["socket", "http2"].includes(reader)) as Measured[];
// A kubelet keeps 10 MiB of a log by default.
const BYTES = Number(values.megabytes ?? (values.kubeconfig ? 9 : 100)) * 1e6;
const rounds = Number(values.rounds);

const SIMULATED: Place = { namespace: "runs", pod: "p", container: "main" };
const folder = await mkdtemp(join(tmpdir(), "bench-log-path-"));
const kubeconfig = values.kubeconfig ?? join(folder, "kubeconfig");
const server = fork(join(import.meta.dirname, "server.ts"));
const [{ address, cert }] = (await once(server, "message")) as [{ address: { port: number }; cert: string }];
try {
  console.log(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; medians of ${rounds} rounds\n`);
  if (values.kubeconfig) await real();
  else {
    await writeKubeconfig();
    await burst();
  }
  if (!values.kubeconfig && values.loads.includes("lines")) await trickle();
} finally {
  server.disconnect();
  await rm(folder, { recursive: true, force: true });
}

async function burst(): Promise<void> {
  const start = readers.includes("kubectl") ? await kubectlStart() : { cpuSeconds: 0, peakMb: 0 };
  console.log(`kubectl's own start: ${start.cpuSeconds.toFixed(3)} s of CPU, taken off below\n`);
  tellHead();
  for (const pace of ["28", "40", "unlimited"].filter((each) => values.loads.includes(each))) {
    for (const [framing, lineBytes] of [
      ["line", 300],
      ["line", 4000],
      ["16 KiB", 300],
    ] as const) {
      const limit = pace === "unlimited" ? null : { megabytes: Number(pace) };
      const load: Load = { bytes: BYTES, lineBytes, framing, pace: limit };
      const { seal, bytes } = await serve(load);
      tell([limit ? `${pace} MB/s` : "none", framing, lineBytes], await compare(SIMULATED, seal), bytes, start);
    }
  }
}

/** As much as the node gives; its own framing. */
async function real(): Promise<void> {
  const cluster = { kubeconfig, namespace: values.namespace, image: values.image };
  for (const lineBytes of [300, 4000]) {
    await using log = await printedLog(cluster, BYTES, lineBytes);
    await using short = await printedLog(cluster, 1000, 300);
    const start = await startOf(short.place);
    tellHead();
    tell(["none", "by the node", lineBytes], await compare(log.place, log.seal), log.bytes, start);
  }
}

function tellHead(): void {
  console.log("| pace | written | line | reader | MB/s | CPU s per 100 MB | × kubectl | RSS above idle MB | proven |");
  console.log("|---|---|---:|---|---:|---:|---:|---:|---|");
}

type Start = Pick<Usage, "cpuSeconds" | "peakMb">;

function tell(load: (string | number)[], medians: Map<Measured, Usage>, bytes: number, start: Start): void {
  const reference = (medians.get("kubectl")?.cpuSeconds ?? Number.NaN) - start.cpuSeconds;
  for (const [reader, { seconds, cpuSeconds, idleMb, peakMb, state }] of medians) {
    const cpu = reader === "kubectl" ? reference : cpuSeconds;
    const above = reader === "kubectl" ? peakMb - start.peakMb : peakMb - idleMb;
    const row = [...load, reader, (bytes / 1e6 / seconds).toFixed(0)];
    row.push(((cpu * 1e8) / bytes).toFixed(2), (cpu / reference).toFixed(2), above.toFixed(0), state ?? "");
    console.log(`| ${row.join(" | ")} |`);
  }
}

/** 50 lines a second, for so long that a process's start does not count. */
async function trickle(): Promise<void> {
  const lines = 1000;
  const load: Load = { bytes: lines * 340, lineBytes: 300, framing: "line", pace: { lines: 50 } };
  const start = readers.includes("kubectl") ? (await kubectlStart()).cpuSeconds : 0;
  const medians = await compare(SIMULATED, (await serve(load)).seal);
  console.log(`\n| 50 lines a second | CPU ms per ${lines} lines | × kubectl |\n|---|---:|---:|`);
  const reference = (medians.get("kubectl")?.cpuSeconds ?? Number.NaN) - start;
  for (const [reader, { cpuSeconds }] of medians) {
    const cpu = reader === "kubectl" ? reference : cpuSeconds;
    console.log(`| ${reader} | ${(cpu * 1000).toFixed(0)} | ${(cpu / reference).toFixed(2)} |`);
  }
}

async function compare(place: Place, seal: Seal): Promise<Map<Measured, Usage>> {
  const all = new Map<Measured, Usage[]>(readers.map((reader) => [reader, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [reader, usages] of all)
      usages.push(reader === "kubectl" ? await kubectl(place) : await read(reader, place, seal));
  }
  return new Map([...all].map(([reader, usages]) => [reader, medianOf(usages)]));
}

function medianOf(usages: readonly Usage[]): Usage {
  const median = (of: (usage: Usage) => number) =>
    usages.map(of).sort((a, b) => a - b)[Math.floor(usages.length / 2)] ?? Number.NaN;
  const states = usages.map(({ state }) => state);
  return {
    seconds: median((usage) => usage.seconds),
    cpuSeconds: median((usage) => usage.cpuSeconds),
    idleMb: median((usage) => usage.idleMb),
    // The most of all rounds: a bound is not kept on average.
    peakMb: Math.max(...usages.map(({ peakMb }) => peakMb)),
    state: states.every((state) => state === null)
      ? null
      : states.every((state) => state?.startsWith("complete"))
        ? "yes"
        : "NO",
  };
}

async function serve(load: Load): Promise<{ seal: Seal; bytes: number }> {
  server.send(load);
  const [stored] = (await once(server, "message")) as [{ seal: Seal; bytes: number }];
  return stored;
}

async function read(reader: Reader, place: Place, seal: Seal): Promise<Usage> {
  const execArgv = ["--expose-gc", ...values.node];
  const child: ChildProcess = fork(join(import.meta.dirname, "read.ts"), { execArgv });
  child.send({ reader, place, kubeconfig, port: address.port, cert, seal } satisfies Task);
  const [usage] = (await once(child, "message")) as [Usage];
  await once(child, "exit");
  return usage;
}

async function kubectlStart(): Promise<Usage> {
  await serve({ bytes: 300, lineBytes: 300, framing: "line", pace: null });
  return startOf(SIMULATED);
}

/** What it takes to start, to ask for the Pod, and to read a log that is short. */
async function startOf(place: Place): Promise<Usage> {
  const usages: Usage[] = [];
  for (let round = 0; round < Math.max(3, rounds); round++) usages.push(await kubectl(place));
  return medianOf(usages);
}

async function kubectl(place: Place): Promise<Usage> {
  const { namespace, pod } = place;
  const log = `logs --follow --timestamps --namespace ${namespace} ${pod} --kubeconfig '${kubeconfig}' --cache-dir '${folder}/cache'`;
  const timed = `TIMEFORMAT='%R %U %S'; time kubectl ${log} >/dev/null`;
  const child = spawn("bash", ["-c", timed], { stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  child.stderr.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  let peakMb = 0;
  const sampling = setInterval(() => void peakOf(child.pid ?? 0).then((mb) => (peakMb = Math.max(peakMb, mb))), 20);
  const [code] = (await once(child, "close")) as [number];
  clearInterval(sampling);
  if (code !== 0) throw new Error(`kubectl failed: ${text}`);
  const [seconds = 0, user = 0, system = 0] = text.trim().split(" ").map(Number);
  return { seconds, cpuSeconds: user + system, idleMb: 0, peakMb, state: null };
}

/** Of the shell's only child. */
async function peakOf(shell: number): Promise<number> {
  try {
    const child = (await readFile(`/proc/${shell}/task/${shell}/children`, "utf8")).trim();
    return Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${child}/status`, "utf8"))?.[1] ?? 0) * 1.024e-3;
  } catch {
    // It has not begun, or is no more.
    return 0;
  }
}

async function writeKubeconfig(): Promise<void> {
  const data = Buffer.from(cert).toString("base64");
  const cluster = { server: `https://127.0.0.1:${address.port}`, "certificate-authority-data": data };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "bench", cluster }],
    users: [{ name: "bench", user: { token: "bench" } }],
    contexts: [{ name: "bench", context: { cluster: "bench", user: "bench" } }],
    "current-context": "bench",
  };
  await writeFile(kubeconfig, JSON.stringify(config));
}
