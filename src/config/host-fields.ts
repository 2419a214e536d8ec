/** The settings that Paperclip's own page shows, or that Paperclip and its API set. */
import { z } from "zod";
import { absolutePath, hostField, seconds, text, wholeNumber } from "./field.ts";

/** A name as Kubernetes takes it; a number or a truth value is the text that it is written as; null is not set. */
const environment = z.preprocess(
  withoutNulls,
  z.record(
    z.string().regex(/^[-._a-zA-Z][-._a-zA-Z0-9]*$/, { error: "is no name of an environment variable" }),
    z.union([z.string(), z.number(), z.boolean()], { error: "is not text" }).transform(String),
    { error: "is not a map of environment variables" },
  ),
);

function withoutNulls(input: unknown): unknown {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return input;
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null && value !== undefined));
}

/** `--flag value` words; the page stores a list, people write one line. */
const argumentList = z.preprocess(
  (value) => (typeof value === "string" ? value.split(/\s+/).filter(Boolean) : value),
  z.array(z.string({ error: "holds something that is not text" }), { error: "is not a list of arguments" }),
);

/** A program, or a program with leading arguments. A text is one word: a path may hold spaces. */
const program = z.preprocess(
  (value) => (typeof value === "string" ? [value] : value),
  z.tuple([text], text, { error: "is neither a program nor a list of a program and its arguments" }),
);

export const hostFields = {
  model: hostField<string | null>({
    value: text,
    default: null,
    hint: "*Model*. Claude model id (--model). Default: ANTHROPIC_MODEL of the agent's environment, else claude-opus-5 as for claude_local; with Bedrock, Vertex and other providers Claude Code's own default there.",
  }),
  effort: hostField<string | null>({
    value: text,
    default: null,
    hint: "*Thinking effort*. (--effort.) Default: Claude Code's own.",
  }),
  thinkingEffort: hostField<string | null>({
    value: text,
    default: null,
    hint: "The same as the page stores it when it creates an agent; `effort` goes before it.",
  }),
  timeoutSec: hostField<number>({
    value: seconds,
    default: 0,
    hint: "*Timeout*. Seconds a run may take from its agent's start; 0 = no limit. Default: 0.",
  }),
  terminalResultCleanupGraceMs: hostField<number>({
    value: wholeNumber(0),
    default: 5_000,
    hint: "Through the API only. Milliseconds of silence after Claude's last result until its process is ended, six times as many while a background task of it runs; 0 = it is waited for. Default: 5000.",
  }),
  env: hostField<Record<string, string>>({
    value: environment,
    default: {},
    hint: "*Environment variables*, secrets among them: they travel in the run's Secret.",
  }),
  command: hostField<[string, ...string[]]>({
    value: program,
    default: ["claude"],
    hint: '*Command*. The Claude Code program in the image; through the API also a list with leading arguments, such as ["nice", "claude"]. Default: claude.',
  }),
  extraArgs: hostField<string[]>({
    value: argumentList,
    default: [],
    hint: "*Extra args*. More arguments for Claude Code: a list, or one line. Default: none.",
  }),
  args: hostField<string[]>({ value: argumentList, default: [], hint: "The same; used where `extraArgs` has none." }),
  cwd: hostField<string | null>({
    value: absolutePath,
    default: null,
    hint: "*Working directory (deprecated)*, which the page shows once it is set. `workingDirectory` goes before it.",
  }),
  instructionsFilePath: hostField<string | null>({
    value: text,
    default: null,
    hint: "The *Instructions* tab. A file on Paperclip's machine; pods get a copy.",
  }),
  promptTemplate: hostField<string | null>({
    value: text,
    default: null,
    hint: "*Prompt Template*, of agents that exist: Paperclip refuses it for a new one. Default: Paperclip's.",
  }),
  bootstrapPromptTemplate: hostField<string | null>({
    value: text,
    default: null,
    hint: "*Bootstrap prompt (legacy)*, which the page shows once it is set. Goes before the prompt in a fresh session.",
  }),
  helloProbeTimeoutSec: hostField<number>({
    value: seconds,
    default: 90,
    hint: "Through the API only. Seconds that the environment test's own turn of the agent may take. Default: 90.",
  }),
} as const;
