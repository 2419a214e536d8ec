/** A devcluster that is killed: nothing of its containers is left. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const INDEX = new URL("../src/index.ts", import.meta.url);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "watchdog-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Two pods: one that SIGTERM does not end, and one whose program has left its process group. */
const HOST = `
  import { fastTimings, startDevcluster } from ${JSON.stringify(INDEX.href)};
  const cluster = await startDevcluster({ images: { busybox: {} }, timings: fastTimings });
  const pod = (name, script) => cluster.store.create("pods", {
    metadata: { name, namespace: "default" },
    spec: { restartPolicy: "Never", containers: [{ name: "main", image: "busybox", command: ["sh", "-c", script] }] },
  });
  pod("stubborn", "trap : TERM; while :; do sleep 1; done");
  pod("escaped", "setsid sleep 300 & wait");
`;

/** Command lines of the processes that have the folder in their environment: those of the devcluster's containers. */
function processesOfContainers(): string[] {
  const read = (file: string): string => {
    try {
      return readFileSync(file, "latin1");
    } catch {
      return "";
    }
  };
  return readdirSync("/proc")
    .filter((pid) => read(`/proc/${pid}/environ`).includes(`HOME=${folder}`))
    .map((pid) => read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim());
}

it.runIf(process.platform === "linux")("kill -9 ends the containers' processes and removes their files", async () => {
  const env = { PATH: process.env.PATH, TMPDIR: folder };
  const host = spawn(process.execPath, ["--input-type=module", "-e", HOST], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const exited = once(host, "exit");
  await expect
    .poll(processesOfContainers, { timeout: 20_000 })
    .toEqual(expect.arrayContaining(["sleep 300", "sleep 1"]));
  expect(readdirSync(folder)).not.toEqual([]);
  host.kill("SIGKILL");
  await exited;
  await expect.poll(processesOfContainers, { timeout: 20_000 }).toEqual([]);
  await expect.poll(() => existsSync(folder) && readdirSync(folder), { timeout: 20_000 }).toEqual([]);
});
