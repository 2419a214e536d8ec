import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { openGuarded } from "../../files/guarded-file.ts";
import { transcriptsFolder } from "../../paperclip/kept-files.ts";
import type { Command } from "../command.ts";
import { fail as failAs, parseOptions } from "../options.ts";

const help = `claude-k8s transcript: print what the agent of a run wrote, byte for byte

Usage: claude-k8s transcript RUN
       claude-k8s transcript RUN | claude-k8s format --all

RUN is the run's id or its beginning, as Paperclip's pages show it. Run this where Paperclip runs: the files are in its
home (PAPERCLIP_HOME), and stay there for thirty days after a run's last line. There are none where the pages get
stream-json themselves (PAPERCLIP_K8S_PAGE=stream-json).

Options:
  --help  Show this.
`;

const options = { help: { type: "boolean", short: "h", default: false } } as const;

export const transcript: Command = {
  summary: "print a run's stream-json as the agent wrote it",

  async run(args) {
    const parsed = parse(args);
    if (typeof parsed === "string") return fail(2, parsed);
    const [run, ...more] = parsed.positionals;
    if (parsed.values.help) {
      process.stdout.write(help);
      return 0;
    }
    if (run === undefined || more.length > 0) return fail(2, "it takes one run. `--help` shows how.");
    const folder = transcriptsFolder(process.env);
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".jsonl"));
    const [found, ...others] = matching(names, encodeURIComponent(run));
    if (!found)
      return fail(1, `there is no transcript of run ${run} in ${folder}. \`--help\` shows which runs have one.`);
    if (others.length > 0) return fail(1, `several runs begin with ${run}: ${[found, ...others].join(", ")}`);
    try {
      const file = await openGuarded(join(folder, found), { links: false });
      await pipeline(file.createReadStream(), process.stdout, { end: false });
    } catch (error) {
      // A reader that leaves early (`| head`) is no failure.
      if ((error as NodeJS.ErrnoException).code !== "EPIPE") return fail(1, (error as Error).message);
    }
    return 0;
  },
};

/** The run of that very name, or all whose names begin so. */
function matching(names: readonly string[], run: string): readonly string[] {
  const exact = names.filter((name) => name === `${run}.jsonl`);
  return exact.length > 0 ? exact : names.filter((name) => name.startsWith(run));
}

const fail = (code: number, message: string): number => failAs("transcript", code, message);

const parse = (args: readonly string[]) => parseOptions({ args: [...args], options, allowPositionals: true });
