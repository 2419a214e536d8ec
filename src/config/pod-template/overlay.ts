/** A pod template overlay as a configuration has it: YAML or JSON text, or an object. A strategic merge patch of the pod. */
import { parseDocument } from "yaml";
import { z } from "zod";
import { patchProblems } from "./check.ts";
import { writtenPath } from "./path.ts";
import { isPlain, type Plain } from "./walk.ts";

/** Characters: a template is a page of text, and the parser's time grows with its square. */
const LONGEST = 64 * 1024;

export type Overlay = Plain;

export const overlay = z.unknown().transform((given, context): Overlay => {
  const issue = (message: string, path: string[] = []): never => {
    context.addIssue({ code: "custom", message, path });
    return z.NEVER;
  };
  try {
    const value = read(given);
    if (!isPlain(value)) return issue("is no pod template (a map with `metadata` and `spec`)");
    for (const { path, problem } of patchProblems(value)) issue(problem, path.length > 0 ? [writtenPath(path)] : []);
    return value;
  } catch (error) {
    return issue(`is no YAML: ${error instanceof Error ? error.message.split("\n")[0] : error}`);
  }
});

function read(given: unknown): unknown {
  const isText = typeof given === "string";
  const text = isText ? given : (JSON.stringify(given) ?? "null");
  if (text.length > LONGEST) throw new Error(`it is longer than ${LONGEST} characters`);
  // What JSON cannot hold would be sent as something else.
  if (!isText) return JSON.parse(text) as unknown;
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error) throw error;
  return document.toJS({ maxAliasCount: 100 }) as unknown;
}
