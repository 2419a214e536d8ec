/** Completion for shells, made from the commands themselves. */

import type { CommandTable } from "../command.ts";
import { UsageError } from "../command-error.ts";

interface Completed {
  readonly name: string;
  readonly summary: string;
  /** With their dashes. */
  readonly flags: readonly string[];
  /** Flags after which a file is named. */
  readonly files: readonly string[];
  readonly words: readonly string[];
}

/** Throws UsageError for a shell that is none of the three. */
export async function completionScript(shell: string, commands: CommandTable): Promise<string> {
  const all = await Promise.all(Object.entries(commands).map(completed));
  switch (shell) {
    case "bash":
      return bash(all);
    case "zsh":
      // bashcompinit is part of zsh.
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(all)}`;
    case "fish":
      return fish(all);
    default:
      throw new UsageError("it takes bash, zsh or fish.");
  }
}

/** Options whose value is a path. */
const FILES = new Set(["kubeconfig", "config", "policy"]);

async function completed([name, { summary, load }]: [string, CommandTable[string]]): Promise<Completed> {
  const { options, words } = await load();
  const long = Object.entries(options).map(([option]) => `--${option}`);
  const short = Object.values(options).flatMap((option) => (option.short === undefined ? [] : [`-${option.short}`]));
  const files = Object.keys(options).filter((option) => FILES.has(option) && options[option]?.type === "string");
  return { name, summary, flags: [...long, ...short], files: files.map((option) => `--${option}`), words };
}

function bash(all: readonly Completed[]): string {
  const cases = all.map(
    ({ name, flags, files, words }) =>
      `    ${name}) words="${[...words, ...flags].join(" ")}"; files="${files.join(" ")}" ;;`,
  );
  return `_claude_k8s() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words="" files=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${all.map(({ name }) => name).join(" ")} --help" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
  case " $files " in
    *" $previous "*) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _claude_k8s claude-k8s
`;
}

function fish(all: readonly Completed[]): string {
  const head = `complete -c claude-k8s -f -n __fish_use_subcommand`;
  const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const names = all.map(({ name, summary }) => `${head} -a ${name} -d ${quote(summary)}`);
  const rest = all.flatMap(({ name, flags, files, words }) => {
    const within = `complete -c claude-k8s -n ${quote(`__fish_seen_subcommand_from ${name}`)}`;
    const long = flags.filter((flag) => flag.startsWith("--"));
    const short = flags.filter((flag) => !flag.startsWith("--"));
    return [
      ...words.map((word) => `${within} -f -a ${word}`),
      ...long.map((flag) => `${within} -l ${flag.slice(2)}${files.includes(flag) ? " -r -F" : " -f"}`),
      ...short.map((flag) => `${within} -f -s ${flag.slice(1)}`),
    ];
  });
  return `${[...names, ...rest].join("\n")}\n`;
}
