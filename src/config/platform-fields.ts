/**
 * Keys of an agent's configuration that Paperclip itself shows, sets or passes on: parsed here, never put into our form,
 * or the page would show them twice.
 */
import { z } from "zod";
import type { Field } from "./fields.ts";

type PlatformField<T> = Pick<Field<T>, "value" | "default" | "hint">;
const field = <T>(spec: PlatformField<T>): PlatformField<T> => spec;
const text = z.string({ error: "is not text" }).min(1);
/** A year: beyond it a typing error is likelier than a wish, and Kubernetes' own limit is not far. */
const MOST_SECONDS = 31_536_000;
const seconds = z
  .number({ error: "is not a number" })
  .min(0, { error: "is below 0" })
  .max(MOST_SECONDS, { error: `is above ${MOST_SECONDS} (a year)` });

/** A name as Kubernetes takes it; a number or a truth value is the text that it is written as. */
const environment = z.record(
  z.string().regex(/^[-._a-zA-Z][-._a-zA-Z0-9]*$/, { error: "is no name of an environment variable" }),
  z.union([z.string(), z.number(), z.boolean()], { error: "is not text" }).transform(String),
  { error: "is not a map of environment variables" },
);

/** `--flag value` words; the page stores a list, people write one line. */
const words = z.preprocess(
  (value) => (typeof value === "string" ? value.split(/\s+/).filter(Boolean) : value),
  z.array(z.string({ error: "holds something that is not text" }), { error: "is not a list of arguments" }),
);

/** A program, or a program with leading arguments. A text is one word: a path may hold spaces. */
const program = z.preprocess(
  (value) => (typeof value === "string" ? [value] : value),
  z.tuple([text], text, { error: "is neither a program nor a list of a program and its arguments" }),
);

export const platformFields = {
  model: field<string | null>({ value: text, default: null, hint: "Claude model id (--model)." }),
  effort: field<string | null>({ value: text, default: null, hint: "Thinking effort (--effort)." }),
  thinkingEffort: field<string | null>({ value: text, default: null, hint: "The same, as the create form stores it." }),
  timeoutSec: field<number>({ value: seconds, default: 0, hint: "Seconds a run may take; 0 = no limit." }),
  graceSec: field<number>({
    value: seconds,
    default: 60,
    hint: "Seconds Claude has to save its session when it is stopped. Default: 60.",
  }),
  terminalResultCleanupGraceMs: field<number>({
    value: z
      .number({ error: "is not a number" })
      .int({ error: "is not a whole number" })
      .min(0, { error: "is below 0" })
      .max(MOST_SECONDS, { error: `is above ${MOST_SECONDS}` }),
    default: 5_000,
    hint: "Milliseconds of silence after Claude's last result until its process is ended, six times as many while a background task of it runs; 0 = it is waited for. Default: 5000.",
  }),
  env: field<Record<string, string>>({ value: environment, default: {}, hint: "Environment of the agent." }),
  cwd: field<string | null>({
    value: text.startsWith("/", { error: "is not an absolute path" }),
    default: null,
    hint: "Working directory in the pod, when Paperclip gives no workspace that the pod can see.",
  }),
  command: field<[string, ...string[]]>({
    value: program,
    default: ["claude"],
    hint: 'The Claude Code program in the image; as a list with leading arguments, such as ["nice", "claude"]. Default: claude.',
  }),
  extraArgs: field<string[]>({ value: words, default: [], hint: "More arguments for Claude Code." }),
  dangerouslySkipPermissions: field<boolean>({
    value: z.boolean({ error: "is not true or false" }),
    default: true,
    hint: "Run tools without asking; nobody could answer in a Job.",
  }),
  chrome: field<boolean>({
    value: z.boolean({ error: "is not true or false" }),
    default: false,
    hint: "Pass --chrome.",
  }),
  promptTemplate: field<string | null>({ value: text, default: null, hint: "Template of the prompt." }),
  bootstrapPromptTemplate: field<string | null>({ value: text, default: null, hint: "Template for a fresh session." }),
  instructionsFilePath: field<string | null>({
    value: text,
    default: null,
    hint: "Instructions file on Paperclip's host.",
  }),
} as const;

/** Keys that Paperclip stores or adds for its own use; they mean nothing to a run and are no typing error. */
const HOST_KEYS = new Set([
  "engine",
  "mode",
  "args",
  "agentCommand",
  "instructionsRootPath",
  "instructionsEntryFile",
  "instructionsBundleMode",
  "workspaceStrategy",
  "workspaceRuntime",
  "workspaceBaseRef",
  "workspaceBranchTemplate",
  "worktreeParentDir",
  "runtimeServices",
  "maxConcurrentRuns",
  "filesystemScope",
  "filesystemExtraPaths",
  "filesystemSandboxCommand",
  "networkScope",
  "networkAllowlist",
  "stateDir",
  "nonInteractivePermissions",
  "warmHandleIdleMs",
  "lifecycleMode",
  "sessionMode",
  "persistSession",
  "sessionKeyStrategy",
  "search",
  "fastMode",
  // Read by the environment test alone.
  "helloProbeTimeoutSec",
]);

export const isHostKey = (key: string): boolean => key.startsWith("paperclip") || HOST_KEYS.has(key);
