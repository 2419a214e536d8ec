import { execFileSync } from "node:child_process";

/** A command before another one, which then has mounts of its own (Linux, where this process may); else null. */
export function findUnshare(): readonly [string, ...string[]] | null {
  for (const options of [[], ["--user", "--map-current-user", "--keep-caps"]]) {
    const words = [...options, "--mount", "--propagation", "private"];
    try {
      execFileSync("unshare", [...words, "mount", "--bind", "/tmp", "/tmp"], { stdio: "ignore" });
      return ["unshare", ...words];
    } catch {
      // The next one.
    }
  }
  return null;
}

/** True where the devcluster gives a pod mounts of its own: else it only translates paths. */
export const hasMountNamespaces = (): boolean => findUnshare() !== null;
