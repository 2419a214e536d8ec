import { MAX_SEAL_BYTES, type Seal, type SealedAgent } from "./seal.ts";
import type { SealProse } from "./seal-message.ts";

/** Bytes of JSON granted to each text before the next gets its share; what is left over goes to the result's text. */
const WORD_BYTES = 128;
const ERROR_BYTES = 512;
const ERRORS_BYTES = 640;
const MAX_ERRORS = 8;
const TAIL_BYTES = 1024;

/**
 * The seal as a termination message: JSON, at most MAX_SEAL_BYTES in UTF-8, whatever the agent wrote. What judges comes
 * first, and prose last, for the cluster may cut the message anywhere. Counts, usage and identities are kept; the prose is
 * cut, between characters: the runner's error first served, then the result's errors, the end of stderr, and the
 * result's text.
 */
export function fitSeal(seal: Seal): string {
  const facts = factsOf(seal);
  const { error, stderr, agent } = seal;
  const someErrors = agent?.result?.errors?.slice(0, MAX_ERRORS);
  const bare: SealProse = {
    ...(error === undefined ? {} : { error: "" }),
    ...(someErrors ? { errors: someErrors.map(() => "") } : {}),
    ...(stderr ? { tail: "" } : {}),
    ...(agent?.result?.text === undefined ? {} : { text: "" }),
  };
  let left = MAX_SEAL_BYTES - jsonBytes({ ...facts, prose: bare });
  const take = (text: string, most: number, from: "start" | "end" = "start"): string => {
    const kept = cut(text, Math.min(most, left), from);
    left -= jsonBytes(kept) - 2;
    return kept;
  };
  const prose: SealProse = {
    ...(error === undefined ? {} : { error: take(error, ERROR_BYTES) }),
    ...(someErrors
      ? { errors: someErrors.map((text) => take(text, Math.floor(ERRORS_BYTES / someErrors.length))) }
      : {}),
    ...(stderr ? { tail: take(stderr.tail, TAIL_BYTES, "end") } : {}),
    ...(agent?.result?.text === undefined ? {} : { text: take(agent.result.text, left) }),
  };
  return JSON.stringify(Object.keys(prose).length > 0 ? { ...facts, prose } : facts);
}

/** The seal without its prose, with every word short, in the order of what a verdict needs most. */
function factsOf(seal: Seal): object {
  const { v, runner, partial, ending, exitCode, signal, notPrepared, silence, agent, stdout, ...others } = seal;
  const { freshSession, workspace, stderr, error, ...rest } = others;
  return {
    ...{ v, runner, partial, ending, exitCode, signal },
    ...(notPrepared ? { notPrepared: shortWords(notPrepared) } : {}),
    ...(silence ? { silence: shortWords(silence) } : {}),
    ...(agent ? { agent: agentFacts(agent) } : {}),
    ...(stdout ? { stdout } : {}),
    ...(freshSession ? { freshSession: shortWords(freshSession) } : {}),
    ...(workspace ? { workspace: shortWords(workspace) } : {}),
    ...rest,
    ...(stderr ? { stderr: { ...stderr, tail: undefined } } : {}),
  };
}

function agentFacts({ result, ...words }: SealedAgent): object {
  if (!result) return shortWords(words);
  const { text, errors, ...facts } = result;
  // `result` last: it is the longest.
  return { ...shortWords(words), result: shortWords(facts) };
}

/** The same object with its texts cut to a word's length. */
function shortWords<T extends object>(object: T): T {
  const entries = Object.entries(object).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === "string" ? cut(value, WORD_BYTES, "start") : value,
  ]);
  return Object.fromEntries(entries) as T;
}

/** The longest start (or end) of a text whose JSON takes at most `most` bytes, quotes not counted. */
function cut(text: string, most: number, from: "start" | "end"): string {
  let left = most;
  let kept = "";
  // A character of JSON takes a byte or more, so nothing beyond `most` of them can fit.
  const window = from === "start" ? text.slice(0, most + 1) : text.slice(Math.max(0, text.length - most - 1));
  const characters = [...window];
  if (from === "end") characters.reverse();
  for (const character of characters) {
    left -= jsonBytes(character) - 2;
    if (left < 0) break;
    kept = from === "start" ? kept + character : character + kept;
  }
  return kept;
}

const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
