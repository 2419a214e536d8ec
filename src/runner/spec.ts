/**
 * What the runner is told: `run.json` in the run's Secret, mounted beside the runner. `run.sh` says to sh what it can do:
 * all but the silences, the fresh session and the one that goes on, for it looks into no event, and no configuration directory.
 */
export interface RunnerSpec {
  /**
   * The program and its arguments, passed as an array, never through a shell. A program given as text is looked up in
   * PATH.
   */
  readonly command: readonly [CommandWord, ...CommandWord[]];
  /** Seconds between SIGTERM to the agent and SIGKILL. */
  readonly graceSec: number;
  /** Seconds after which the runner ends the agent itself (SIGTERM, grace, SIGKILL); 0 = never. */
  readonly timeoutSec: number;
  /**
   * Milliseconds of silence after a terminal `result` that the agent's process gets to end by itself, six times as many
   * while a background task of it is in flight; then the runner ends it (SIGTERM, the grace but no more than 10 s, SIGKILL
   * of the group). 0 = it is waited for. @default 0
   */
  readonly terminalResultGraceMs?: number;
  /** Seconds without a line of the agent, and without a tool call in flight, after which the runner ends it. @default 0 (never) */
  readonly silenceLimitSec?: number;
  /** The same while a tool call is in flight. @default 0 (never) */
  readonly toolSilenceLimitSec?: number;
  /** The workspace is brought before the agent, by the script `workspace`. @default it is there, or is made empty */
  readonly workspace?: {
    /** Whether it is asked, after the agent, what of its work is in no other place. */
    readonly keeps: boolean;
  };
  /** What to run instead when the session that `command` resumes does not exist or cannot be used. @default nothing */
  readonly fresh?: {
    readonly sessionId: string;
    readonly command: RunnerSpec["command"];
    /** Name of the prompt's file in the run's directory. */
    readonly prompt: string;
  };
  /**
   * What to run instead in a pod of the Job that comes after another, which a queue took back in the middle of its work.
   * @default every pod begins with `command`
   */
  readonly goesOn?: {
    /** Where a pod leaves the id of its session: a file below HOME, which outlives the pod. */
    readonly file: string;
    /** With LEFT_SESSION as the word that is the session's id. */
    readonly command: RunnerSpec["command"];
    /** Name of the prompt's file in the run's directory. */
    readonly prompt: string;
  };
}

/** Stands in a command for the session that an earlier pod has left. */
export const LEFT_SESSION = "00000000-0000-4000-8000-000000000000";

/**
 * Text, or a file of the run's Secret by its name: the runner puts its own directory in front, so that nothing in the
 * Secret depends on where it is mounted.
 */
export type CommandWord = string | { readonly runFile: string };

/**
 * The container's command: `/bin/sh RUN_DIRECTORY/start.sh TERMINATION_LOG WORKING_DIRECTORY [TRANSCRIPT]`. Paths of the
 * pod stand here, in the Pod spec, and nowhere else. The runner makes the working directory when it is missing: the
 * container runtime would make it too, but as root. TRANSCRIPT gets a copy of the frames: all of them when it is a file;
 * when it ends with a slash, it is a folder that is there, for the newest 56 to 64 MiB.
 */
export function containerCommand(paths: {
  readonly terminationLog: string;
  readonly workingDirectory: string;
  readonly transcript?: string;
}): string[] {
  const words = ["/bin/sh", `${RUN_DIRECTORY}/${RUN_FILES.start}`, paths.terminationLog, paths.workingDirectory];
  return paths.transcript === undefined ? words : [...words, paths.transcript];
}

/** Paths of both halves of the runner, where the record is kept by a container of its own. */
export interface HalvesPaths {
  readonly terminationLog: string;
  /** A folder that both containers see; the agent's cannot write to it. */
  readonly folder: string;
}

/** The command of the agent's container, whose runner hands the output over to the recorder. */
export function senderCommand(paths: HalvesPaths & { readonly workingDirectory: string }): string[] {
  const { terminationLog, workingDirectory, folder } = paths;
  return ["/bin/sh", `${RUN_DIRECTORY}/${RUN_FILES.start}`, terminationLog, workingDirectory, folder, "send"];
}

/** The command of the recorder's container. `transcript`: as for `containerCommand`. */
export function recorderCommand(paths: HalvesPaths & { readonly transcript: string }): string[] {
  const { terminationLog, folder, transcript } = paths;
  return ["/bin/sh", `${RUN_DIRECTORY}/${RUN_FILES.start}`, terminationLog, folder, transcript, "record"];
}

/**
 * The container's variable that names where the agent's Claude Code gets a configuration directory of this run's own, with
 * links into the home, which other pods use too. Without it, Claude Code uses the home's. The agent does not see it.
 */
export const CONFIG_DIRECTORY = "CLAUDE_K8S_CONFIG_DIRECTORY";

/** Offsets of a folder's transcript count from here: names of one length sort by number, and sh takes none for octal. */
export const FIRST_OFFSET = 1e15;

/**
 * A program that prints, from within the pod, a folder's transcript from that offset on, or from the oldest that is
 * kept. Its first line is the offset of what follows; an empty folder has none. It fails when the oldest file is removed before it is opened;
 * the newest may end in the middle of a frame.
 */
export function transcriptReader(folder: string, offset: number): [string, ...string[]] {
  return ["/bin/sh", "-c", READ_TRANSCRIPT, "read-transcript", folder, String(offset)];
}

const READ_TRANSCRIPT = `
cd "$1" || exit
from=$2 first=
for file in *; do
  [ -n "$first" ] && [ "$file" -gt "$from" ] || first=$file
done
[ -e "$first" ] || exit 0
[ "$from" -ge "$first" ] || from=$first
echo "$from"
for file in *; do
  [ "$file" -ge "$first" ] || continue
  if [ "$file" = "$first" ]; then tail -c "+$((from - first + 1))" "$file"; else cat "$file"; fi || exit
done
`;

/** Where the run's Secret is mounted in the pod. */
export const RUN_DIRECTORY = "/run/claude-k8s";

/** The names of the files in RUN_DIRECTORY, which are keys of the run's Secret. */
export const RUN_FILES = {
  start: "start.sh",
  runner: "runner.mjs",
  spec: "run.json",
  shellSpec: "run.sh",
  prompt: "prompt",
  /** For a fresh session, where `prompt` is for one that is resumed. */
  freshPrompt: "prompt.fresh",
  /** For the session that an earlier pod of the run has left. */
  goesOnPrompt: "prompt.goes-on",
  /** In the environment test's pod only: see probe.sh. */
  probe: "probe.sh",
  /** What brings the workspace, and what it is told: see workspace/common.sh and `repositoryValues`. */
  workspace: "workspace.sh",
  repository: "repository.sh",
  /** Commands before the agent, for sh. */
  setup: "setup",
  /** git's credential helper: see workspace/credential.sh. */
  credential: "credential.sh",
} as const;

/**
 * `run.sh`: the same values for the sh runner, which cannot read JSON and sources this with `$dir` set to its own
 * directory. Single quotes keep every byte but NUL.
 */
export function shellSpec(spec: RunnerSpec): string {
  const words = spec.command.map((word) => (typeof word === "string" ? quote(word) : `"$dir"/${quote(word.runFile)}`));
  return `set -- ${words.join(" ")}
grace_sec=${spec.graceSec}
timeout_sec=${spec.timeoutSec}
prepares=${spec.workspace ? 1 : 0} keeps=${spec.workspace?.keeps ? 1 : 0}
`;
}

/** What the workspace's script is told: a repository to clone, or none, and what limits it. */
export interface RepositoryValues {
  /** Empty: nothing is cloned. */
  readonly url: string;
  /** Branch, tag or commit to begin from; empty for the repository's default branch. */
  readonly ref: string;
  /** Branch to work on, made from `ref` where the repository has none of that name; empty for that of `ref`. */
  readonly branch: string;
  /** Commits; 0 = all. */
  readonly depth: number;
  readonly submodules: boolean;
  readonly lfs: boolean;
  /** Folders; none = all. */
  readonly sparse: readonly string[];
  /** Whether Paperclip's own git (`bin/git` beside the script) brings the login. */
  readonly managed: boolean;
  readonly checkoutTimeoutSec: number;
  readonly setupTimeoutSec: number;
  /** True where the folder goes with the pod. */
  readonly volatile: boolean;
  /** Branch to which what is left is pushed; empty = it is not. */
  readonly rescue: string;
  /** Who commits, where git knows nobody. */
  readonly author: { readonly name: string; readonly email: string };
}

/** `repository.sh`, which the script sources. */
export function repositoryValues(values: RepositoryValues): string {
  const { url, ref, branch, sparse, rescue, author } = values;
  const flag = (is: boolean, yes: string, no: string): string => (is ? yes : no);
  return [
    `url=${quote(url)} ref=${quote(ref)} branch=${quote(branch)} depth=${values.depth}`,
    `submodules=${flag(values.submodules, "1", "0")} lfs=${flag(values.lfs, "1", "0")} sparse=${quote(sparse.join("\n"))}`,
    `managed=${flag(values.managed, "1", "")} checkout_sec=${values.checkoutTimeoutSec} setup_sec=${values.setupTimeoutSec}`,
    `volatile=${values.volatile} rescue=${quote(rescue)} author_name=${quote(author.name)} author_email=${quote(author.email)}`,
    "",
  ].join("\n");
}

/** For sh, every byte but NUL. */
export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
