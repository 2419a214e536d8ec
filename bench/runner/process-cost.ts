/** What Linux tells of a process. */
import { readFile } from "node:fs/promises";

/** Clock ticks in a second, as Linux reports times on all its architectures. */
const TICKS = 100;

export interface Cost {
  /** So far. */
  readonly cpuSeconds: number;
  /** Resident memory at most, and what of it now is no file: a program's own pages are shared by all that run it. */
  readonly peakMb: number;
  readonly ownMb: number;
}

/** Null when the process has ended. */
export async function costOf(pid: number): Promise<Cost | null> {
  try {
    const stat = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    const mb = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1.024e-3;
    return { cpuSeconds: (Number(stat[11]) + Number(stat[12])) / TICKS, peakMb: mb("VmHWM"), ownMb: mb("RssAnon") };
  } catch {
    return null;
  }
}

/** This process or one below it whose command line has that text. */
export async function processWith(pid: number | undefined, text: string): Promise<number | null> {
  try {
    const words = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0");
    if (words[0]?.endsWith("node") && words.some((word) => word.includes(text))) return pid ?? null;
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ").filter(Boolean);
    for (const child of children) {
      const found = await processWith(Number(child), text);
      if (found !== null) return found;
    }
  } catch {
    // It has ended.
  }
  return null;
}
