import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** Every process of a container carries its id in this variable, so that one that left its group is found as well. */
export const CONTAINER_VARIABLE = "DEVCLUSTER_CONTAINER";

const run = promisify(execFile);
const ROUNDS = 5;
/** Files open at a time: many containers may end at once. */
const AT_ONCE = 16;

/** Kills the container's process group and whatever else of it is left. Resolves when nothing is. */
export async function killContainer(leader: number, containerId: string): Promise<void> {
  signal(-leader, "SIGKILL");
  for (let round = 0; round < ROUNDS; round++) {
    const left = await processesOf(containerId);
    if (left.length === 0) return;
    for (const pid of left) signal(pid, "SIGKILL");
  }
}

/** Sends the signal to a process that may be gone already. Negative: to the group. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The living processes of a container, zombies not counted. */
export async function processesOf(containerId: string): Promise<number[]> {
  const mark = `${CONTAINER_VARIABLE}=${containerId}`;
  return process.platform === "linux" ? await fromProc(mark) : await fromPs(mark);
}

async function fromProc(mark: string): Promise<number[]> {
  const found: number[] = [];
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  for (let start = 0; start < pids.length; start += AT_ONCE) {
    const some = pids.slice(start, start + AT_ONCE);
    const environments = await Promise.all(some.map(environmentOf));
    found.push(...some.filter((_, index) => environments[index]?.split("\0").includes(mark)).map(Number));
  }
  return found;
}

/** Gone, or another user's: not of this container in any case. */
const NOT_OURS: ReadonlySet<unknown> = new Set(["ENOENT", "ESRCH", "EACCES", "EPERM"]);

async function environmentOf(pid: string): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/environ`, "latin1");
  } catch (error) {
    if (NOT_OURS.has((error as NodeJS.ErrnoException).code)) return "";
    throw error;
  }
}

async function fromPs(mark: string): Promise<number[]> {
  const { stdout } = await run("ps", ["-A", "-ww", "-E", "-o", "pid=,command="], { maxBuffer: 1 << 27 });
  const lines = stdout.split("\n").filter((line) => line.split(" ").includes(mark));
  return lines.map((line) => Number.parseInt(line, 10)).filter((pid) => pid !== process.pid);
}

/**
 * The one that an out-of-memory killer would choose in a real container: a program that does work, and has the most memory
 * of those. A process that only waits for another (a shell, a supervisor) is smaller there than what it waits for; here it may be
 * larger than a `sleep` that stands for work.
 */
export async function workerOf(pids: readonly number[]): Promise<number | undefined> {
  if (pids.length === 0) return undefined;
  const { stdout } = await run("ps", ["-o", "pid=,ppid=,rss=", "-p", pids.join(",")]);
  const all = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const parents = new Set(all.map(([, parent]) => parent));
  const working = all.filter(([pid]) => !parents.has(pid));
  return working.sort(([, , a = 0], [, , b = 0]) => b - a)[0]?.[0];
}

/** SIGTERM's bit in the masks of /proc. */
const TERM_BIT = 1n << 14n;

/**
 * Whether SIGTERM reaches the first process of a container. The kernel drops it for a PID 1 without a handler (measured:
 * such containers run on until SIGKILL, exit 137); here the first process is not PID 1, so the devcluster looks itself.
 * Only Linux tells; elsewhere the signal is sent, and a process without a handler ends with 143.
 */
export async function handlesTerm(pid: number): Promise<boolean> {
  if (process.platform !== "linux") return true;
  const status = await readFile(`/proc/${pid}/status`, "latin1").catch(() => "");
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return caught !== undefined && (BigInt(`0x${caught}`) & TERM_BIT) !== 0n;
}
