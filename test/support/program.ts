import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What is started for a program's source: its bundle where there is one (programs.ts), else the source itself. */
export function programOf(source: URL): string {
  const folder = process.env.TEST_PROGRAMS;
  return folder ? join(folder, basename(source.pathname).replace(/ts$/, "mjs")) : fileURLToPath(source);
}

/** What a process of Node has of this one's environment at least: its programs, and where its sources are kept compiled. */
export const leastEnvironment: NodeJS.ProcessEnv = Object.fromEntries(
  ["PATH", "NODE_COMPILE_CACHE"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  }),
);
