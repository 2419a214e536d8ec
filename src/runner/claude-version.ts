import { readFile, realpath } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";

/**
 * The version of Claude Code that a command starts, from where it is installed (npm's package, or the native installer's
 * folder `versions/2.1.330`); null when that does not say. It is not asked: the command may be any program.
 */
export async function claudeVersion(words: readonly string[], path: string): Promise<readonly number[] | null> {
  for (const word of words) {
    if (word.startsWith("-")) break;
    const places = word.includes("/") ? [word] : path.split(delimiter).map((folder) => join(folder, word));
    for (const place of places) {
      const file = await realpath(place).catch(() => null);
      if (file === null) continue;
      const version = /\/versions\/(\d+\.\d+\.\d+)$/.exec(file)?.[1] ?? (await packageVersion(dirname(file), 4));
      if (version) return version.split(".").map(Number);
      break;
    }
  }
  return null;
}

async function packageVersion(folder: string, levels: number): Promise<string | null> {
  try {
    const manifest: unknown = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const { name, version } = manifest as { name?: unknown; version?: unknown };
    const isClaude = typeof name === "string" && name.startsWith("@anthropic-ai/claude-code");
    return isClaude && typeof version === "string" ? (/^\d+\.\d+\.\d+/.exec(version)?.[0] ?? null) : null;
  } catch {
    return levels > 1 ? packageVersion(dirname(folder), levels - 1) : null;
  }
}

export function isAtLeast(version: readonly number[], least: readonly number[]): boolean {
  for (const [index, part] of least.entries()) {
    const own = version[index] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}
