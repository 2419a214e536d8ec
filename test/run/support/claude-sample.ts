import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { AgentResult } from "../../../src/claude/agent-result.ts";
import { createResultReader } from "../../../src/claude/result-reader.ts";

/** One recorded run of Claude Code 2.1.330: its stdout, exit code and stderr. */
export interface ClaudeSample {
  readonly agent: AgentResult;
  readonly lines: number;
  readonly exitCode: number;
  readonly stderr: string;
}

const FOLDER = new URL("../../claude/fixtures/", import.meta.url);

export const SAMPLE_NAMES = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".jsonl"))
  .map((file) => file.slice(0, -".jsonl".length));

export function sampleLines(name: string): Buffer[] {
  const text = readFileSync(new URL(`${name}.jsonl`, FOLDER), "utf8");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => Buffer.from(line));
}

export function readSample(name: string): ClaudeSample {
  const reader = createResultReader();
  const lines = sampleLines(name);
  for (const line of lines) reader.line(line);
  const stderr = new URL(`${name}.stderr`, FOLDER);
  return {
    agent: reader.result(),
    lines: lines.length,
    exitCode: Number(readFileSync(new URL(`${name}.code`, FOLDER), "utf8")),
    stderr: existsSync(stderr) ? readFileSync(stderr, "utf8") : "",
  };
}
