import { execFileSync } from "node:child_process";

/** True where the devcluster gives a pod mounts of its own (Linux, where this process may): else it only translates paths. */
export function hasMountNamespaces(): boolean {
  return [[], ["--user", "--map-current-user", "--keep-caps"]].some((options) => {
    try {
      execFileSync("unshare", [...options, "--mount", "mount", "--bind", "/tmp", "/tmp"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
}
