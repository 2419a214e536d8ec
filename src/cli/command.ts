/** One command of `claude-k8s`: its help, its options, and what it does. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { UsageError } from "./command-error.ts";
import { print } from "./output.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

export type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O; allowNegative: true }>>["values"];

/** What `--help` is, in every command. */
const HELP = { help: { type: "boolean", short: "h", default: false } } as const;

export interface Definition<O extends Options> {
  /** At most 23 lines of 80 columns: it fits a terminal of 80 by 24, with the prompt below. */
  readonly help: string;
  readonly options: O;
  /** Beside the options. @default none */
  readonly takes?: {
    readonly least: number;
    readonly most: number;
    /** For the sentence `it takes …`. */
    readonly what: string;
  };
  /** What the first argument may be, where that is one of a few words; for the shell's completion. @default anything */
  readonly words?: readonly string[];
  /** Throws what failure.ts knows in words. @returns the exit code: 0 done or yes, 1 no */
  run(values: Values<O>, args: readonly string[]): Promise<number>;
}

export interface Command {
  readonly help: string;
  readonly options: Options;
  readonly words: readonly string[];
  /** Throws UsageError, and as `run` does. */
  call(args: readonly string[]): Promise<number>;
}

export function defineCommand<const O extends Options>(definition: Definition<O>): Command {
  const { help, takes = { least: 0, most: 0, what: "no argument" }, words = [] } = definition;
  const options = { ...definition.options, ...HELP };
  return {
    help,
    options,
    words,
    call: async (args) => {
      const { values, positionals } = parse(args, options);
      if (values.help) return print(help);
      if (positionals.length < takes.least || positionals.length > takes.most)
        throw new UsageError(`it takes ${takes.what}.`);
      return definition.run(values as Values<O>, positionals);
    },
  };
}

/** By name. */
export type CommandTable = Readonly<
  Record<
    string,
    {
      /** One line for the list of commands. */
      readonly summary: string;
      load(): Promise<Command>;
    }
  >
>;

function parse(args: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, allowNegative: true });
  } catch (error) {
    // Node adds how to write an argument that begins with a dash.
    throw new UsageError(`${(error as Error).message.split(". To specify")[0]?.replace(/\.?$/, ".")}`);
  }
}
