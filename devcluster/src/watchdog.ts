import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";

/** Every process of every container has the devcluster's id in this variable. */
const ID_VARIABLE = "DEVCLUSTER_ID";

/**
 * Reads its stdin until the devcluster's end of the pipe is closed, which the kernel does also for one that was killed. A
 * process that is just being started shows its own environment a moment later, hence the rounds. `$1` is the mark, `$2`
 * the folder to remove; neither is in this shell's own environment.
 */
const SCRIPT = `
while read -r _; do :; done
for _ in 1 2 3; do
  for file in $(grep -lsF -- "$1" /proc/[0-9]*/environ); do
    pid=\${file#/proc/}
    kill -9 "\${pid%/environ}" 2>/dev/null
  done
  sleep 0.2
done
[ -z "$2" ] || rm -rf -- "$2"
`;

export interface Watchdog {
  /** Variables that every container must have. */
  readonly environment: Readonly<Record<string, string>>;
  /** When everything was ended in order: there is nothing to watch any more. */
  stop(): Promise<void>;
}

/**
 * Outlives a devcluster that is killed (SIGKILL, out of memory): ends the processes of its containers and removes
 * `directory`. On Linux only; elsewhere nothing tells whose a process is at so little cost, and it does nothing.
 */
export async function startWatchdog(directory: string | undefined): Promise<Watchdog> {
  const id = randomUUID();
  const environment = { [ID_VARIABLE]: id };
  if (process.platform !== "linux") return { environment, stop: async () => {} };
  const child = spawn("sh", ["-c", SCRIPT, "devcluster-watchdog", `${ID_VARIABLE}=${id}`, directory ?? ""], {
    cwd: "/",
    env: { PATH: process.env.PATH },
    stdio: ["pipe", "ignore", "ignore"],
    // A terminal's Ctrl-C is not for it.
    detached: true,
  });
  const exited = once(child, "exit").catch(() => undefined);
  await once(child, "spawn");
  // Only the devcluster itself keeps its process alive.
  child.unref();
  child.stdin.on("error", () => undefined);
  return {
    environment,
    async stop() {
      child.ref();
      child.kill("SIGKILL");
      await exited;
    },
  };
}
