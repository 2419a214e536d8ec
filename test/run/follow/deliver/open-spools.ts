import { readdirSync, readlinkSync } from "node:fs";

/** The spool files that this process has open, by /proc: they have no name. */
export function openSpools(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const file = readlinkSync(`/proc/self/fd/${fd}`);
      return file.includes("/claude-k8s-") ? [file] : [];
    } catch {
      // That of the listing itself is closed by now.
      return [];
    }
  });
}
