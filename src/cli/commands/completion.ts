import { type Command, type CommandTable, defineCommand } from "../command.ts";
import { print } from "../output.ts";

const help = `claude-k8s completion: the commands and options for your shell

Usage: source <(claude-k8s completion bash)     in ~/.bashrc
       source <(claude-k8s completion zsh)      in ~/.zshrc, after compinit
       claude-k8s completion fish | source      in ~/.config/fish/config.fish

Options:
  --help  Show this.
`;

export const completionOf = (commands: CommandTable): Command =>
  defineCommand({
    help,
    options: {},
    takes: { least: 1, most: 1, what: "bash, zsh or fish" },
    words: ["bash", "zsh", "fish"],

    async run(_, [shell = ""]) {
      const { completionScript } = await import("../completion/script.ts");
      return print(await completionScript(shell, commands));
    },
  });
