/** The options of a command line, and how a command says that it cannot go on. */
import { type ParseArgsConfig, parseArgs } from "node:util";

/** What they are, or in words why they are none. */
export function parseOptions<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> | string {
  try {
    return parseArgs(config);
  } catch (error) {
    return (error as Error).message;
  }
}

/** @returns `code`, after the message was told. */
export function fail(command: string, code: number, message: string): number {
  process.stderr.write(`claude-k8s ${command}: ${message}\n`);
  return code;
}
