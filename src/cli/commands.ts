/** The commands, each loaded when it is called: help is quick, and nothing of a cluster is loaded to format a line. */
import type { CommandTable } from "./command.ts";

export const commands: CommandTable = {
  ps: {
    summary: "the runs that live or are not collected, and what they wait for",
    load: async () => (await import("./commands/ps.ts")).ps,
  },
  logs: {
    summary: "what the agent of a run says, each line once",
    load: async () => (await import("./commands/logs.ts")).logs,
  },
  why: {
    summary: "how a run ended and what to do, or what it does now",
    load: async () => (await import("./commands/why.ts")).why,
  },
  stop: {
    summary: "end a run gracefully, as Stop on its page does",
    load: async () => (await import("./commands/stop.ts")).stop,
  },
  gc: {
    summary: "what is left over of runs that are over",
    load: async () => (await import("./commands/gc.ts")).gc,
  },
  doctor: {
    summary: "would a run of an agent work? The environment test in the terminal",
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  policy: {
    summary: "print and check the operator's policy, or suggest one",
    load: async () => (await import("./commands/policy.ts")).policy,
  },
  manifest: {
    summary: "the Job that a run would be, and whose word each line is",
    load: async () => (await import("./commands/manifest.ts")).manifest,
  },
  transcript: {
    summary: "print a run's stream-json as the agent wrote it",
    load: async () => (await import("./commands/transcript.ts")).transcript,
  },
  format: {
    summary: "make stream-json on stdin readable",
    load: async () => (await import("./commands/format.ts")).format,
  },
  completion: {
    summary: "completion for bash, zsh and fish",
    load: async () => (await import("./commands/completion.ts")).completionOf(commands),
  },
};

export const overview = `claude-k8s: the operator's tool of Paperclip's adapter "Claude (Kubernetes)"

Usage: claude-k8s COMMAND [options]

Commands:
${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`)
  .join("\n")}

\`claude-k8s COMMAND --help\` lists the options of a command.
Exit code: 0 done, or the answer is yes; 1 failed, or it is no; 2 wrong usage;
130 after Ctrl-C.
`;
