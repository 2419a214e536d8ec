import { createRequire } from "node:module";
import { dirname } from "node:path";

export interface ClaudeCode {
  /** The program itself; its file is named `claude`. */
  readonly binary: string;
  /** The folder to put into PATH. */
  readonly folder: string;
  readonly version: string;
}

/**
 * Finds the real Claude Code CLI among this checkout's development dependencies. The program lies in a package of its
 * platform; `@anthropic-ai/claude-code` only links to it, in an install script that npm may be told to skip.
 */
export function findClaudeCode(): ClaudeCode {
  const require = createRequire(import.meta.url);
  const platform = `${process.platform}-${process.arch}${isMusl() ? "-musl" : ""}`;
  const name = `@anthropic-ai/claude-code-${platform}`;
  try {
    const manifest = require.resolve(`${name}/package.json`);
    const { version } = require(manifest) as { version: string };
    const folder = dirname(manifest);
    return { binary: `${folder}/claude`, folder, version };
  } catch (cause) {
    throw new Error(`Claude Code is not installed for ${platform} (npm package ${name}). Run \`npm ci\` again.`, {
      cause,
    });
  }
}

function isMusl(): boolean {
  if (process.platform !== "linux") return false;
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime === undefined;
}
