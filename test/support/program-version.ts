import { execFileSync } from "node:child_process";

/** The first line that a program says of its version; undefined where there is none, which is said aloud. */
export function programVersion(name: string, args: readonly string[], so: string): string | undefined {
  try {
    return (
      execFileSync(name, args, { stdio: ["ignore", "pipe", "pipe"] })
        .toString()
        .split("\n")[0] || name
    );
  } catch {
    process.stderr.write(`\n*** SKIPPED: no ${name} on this machine, so ${so} ***\n\n`);
    return undefined;
  }
}
