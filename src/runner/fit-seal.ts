import { MAX_SEAL_BYTES, type Seal, type SealedAgent } from "./seal.ts";

/** Bytes of JSON granted to each text before the next gets its share; what is left over goes to the result's text. */
const WORD_BYTES = 128;
const ERROR_BYTES = 512;
const ERRORS_BYTES = 640;
const MAX_ERRORS = 8;
const TAIL_BYTES = 1024;

/**
 * The seal as JSON, at most MAX_SEAL_BYTES in UTF-8, whatever the agent wrote. Counts, usage and identities are kept;
 * the prose is cut, between characters: the runner's error first served, then the result's errors, the end of stderr,
 * and the result's text.
 */
export function fitSeal(seal: Seal): string {
  const bare = withoutProse(seal);
  let left = MAX_SEAL_BYTES - jsonBytes(bare);
  const take = (text: string, most: number, from: "start" | "end" = "start"): string => {
    const kept = cut(text, Math.min(most, left), from);
    left -= jsonBytes(kept) - 2;
    return kept;
  };
  const error = seal.error === undefined ? {} : { error: take(seal.error, ERROR_BYTES) };
  const result = seal.agent?.result;
  const someErrors = result?.errors?.slice(0, MAX_ERRORS);
  const errors = someErrors?.map((text) => take(text, Math.floor(ERRORS_BYTES / someErrors.length)));
  const tail = seal.stderr && take(seal.stderr.tail, TAIL_BYTES, "end");
  const text = result?.text === undefined ? undefined : take(result.text, left);
  return JSON.stringify({
    ...bare,
    ...error,
    ...(bare.stderr && tail !== undefined ? { stderr: { ...bare.stderr, tail } } : {}),
    ...(bare.agent?.result
      ? {
          agent: {
            ...bare.agent,
            result: { ...bare.agent.result, ...(text === undefined ? {} : { text }), ...(errors ? { errors } : {}) },
          },
        }
      : {}),
  });
}

/** The seal with every prose text empty, so that its size is known, and every word short. */
function withoutProse(seal: Seal): Seal {
  return {
    ...seal,
    ...(seal.error === undefined ? {} : { error: "" }),
    ...(seal.stderr ? { stderr: { ...seal.stderr, tail: "" } } : {}),
    ...(seal.agent ? { agent: bareAgent(seal.agent) } : {}),
  };
}

function bareAgent(agent: SealedAgent): SealedAgent {
  const words = shortWords(agent);
  if (!agent.result) return words;
  const result = shortWords(agent.result);
  return {
    ...words,
    result: {
      ...result,
      ...(agent.result.text === undefined ? {} : { text: "" }),
      ...(agent.result.errors ? { errors: agent.result.errors.slice(0, MAX_ERRORS).map(() => "") } : {}),
    },
  };
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
