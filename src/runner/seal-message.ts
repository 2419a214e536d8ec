import type { Seal, WorkspaceLeft } from "./seal.ts";

/** The texts of a seal, which stand at the end of the message, in the order in which they are given up. */
export interface SealProse {
  readonly error?: string;
  readonly errors?: readonly string[];
  /** The end of stderr. */
  readonly tail?: string;
  /** The result's. */
  readonly text?: string;
}

/** No text can hold this: in one, its quotes have backslashes. */
const PROSE = ',"prose":';

/**
 * Reads a termination message, as far as the cluster left it; null when it is no seal: another program wrote it, or it was
 * cut before the agent's end was told.
 */
export function parseSeal(message: string | undefined): Seal | null {
  if (!message) return null;
  const at = message.indexOf(PROSE);
  const facts = parseObject(at < 0 ? message : `${message.slice(0, at)}}`) ?? parseObject(wholeValues(message, false));
  if (!isSeal(facts)) return null;
  const isCut = parseObject(message) === null;
  const prose = at < 0 ? null : message.slice(at + PROSE.length);
  const seal = withProse(
    facts,
    prose === null ? {} : (parseObject(isCut ? wholeValues(prose, true) : prose.replace(/\}\s*$/, "")) ?? {}),
  );
  return isCut ? { ...seal, cut: true } : seal;
}

/** What is no such thing is left out: the pod may say anything. Null where that leaves nothing. */
export function readWorkspaceLeft(value: unknown): WorkspaceLeft | null {
  if (typeof value !== "object" || value === null) return null;
  const { branch, volatile, ...more } = value as Record<string, unknown>;
  if (typeof branch !== "string" || typeof volatile !== "boolean") return null;
  const words = ["commit", "savedAs", "notSaved", "unknown"].filter((key) => typeof more[key] === "string");
  const counts = ["uncommitted", "unpushed"].filter((key) => Number.isSafeInteger(more[key]) && Number(more[key]) >= 0);
  return { branch, volatile, ...Object.fromEntries([...words, ...counts].map((key) => [key, more[key]])) };
}

function isSeal(value: Record<string, unknown> | null): value is Record<string, unknown> & Seal {
  return (
    value?.v === 1 &&
    (value.runner === "node" || value.runner === "sh") &&
    ["ending", "exitCode", "signal"].every((fact) => Object.hasOwn(value, fact))
  );
}

function withProse({ workspace, ...seal }: Seal, { error, errors, tail, text }: SealProse): Seal {
  const { stderr, agent } = seal;
  const left = readWorkspaceLeft(workspace);
  return {
    ...seal,
    ...(left ? { workspace: left } : {}),
    ...(error === undefined ? {} : { error }),
    ...(stderr ? { stderr: { ...stderr, tail: tail ?? stderr.tail ?? "" } } : {}),
    ...(agent?.result
      ? {
          agent: {
            ...agent,
            result: { ...agent.result, ...(text === undefined ? {} : { text }), ...(errors ? { errors } : {}) },
          },
        }
      : {}),
  };
}

/**
 * The longest start of a JSON object that can be closed without inventing anything: up to the last value that is surely
 * whole. `endsText`: a text that was cut may end where it was.
 */
function wholeValues(json: string, endsText: boolean): string {
  const open: string[] = [];
  let whole = "";
  let inText = false;
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at] as string;
    if (inText) {
      if (character === "\\") at += 1;
      else if (character === '"') inText = false;
    } else if (character === '"') inText = true;
    else if (character === "{" || character === "[") open.push(character === "{" ? "}" : "]");
    else if (character === "}" || character === "]") open.pop();
    if (inText) continue;
    if (character === ",") whole = closed(json.slice(0, at), open);
    if (character === "}" || character === "]") whole = closed(json.slice(0, at + 1), open);
    if (open.length === 0) return whole;
  }
  const ended = `${json.replace(/\\(u[0-9a-f]{0,3})?$/i, "")}"`;
  return endsText && inText && parseObject(closed(ended, open)) ? closed(ended, open) : whole;
}

const closed = (json: string, open: readonly string[]): string => json + open.toReversed().join("");

function parseObject(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
