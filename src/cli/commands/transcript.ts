import { pipeline } from "node:stream/promises";
import { transcriptsFolder } from "../../paperclip/kept-files.ts";
import { defineCommand } from "../command.ts";
import { CommandError } from "../command-error.ts";

const help = `claude-k8s transcript: print what an agent wrote, byte for byte

Usage: claude-k8s transcript RUN
       claude-k8s transcript RUN | claude-k8s format --all

RUN is the run's id or its beginning, as Paperclip's pages show it. Run this
where Paperclip runs: the files are in its home (PAPERCLIP_HOME), and stay there
for thirty days after a run's last line. There are none where the pages get
stream-json themselves (PAPERCLIP_K8S_PAGE=stream-json).

Options:
  --help  Show this.
`;

export const transcript = defineCommand({
  help,
  options: {},
  takes: { least: 1, most: 1, what: "one run" },

  async run(_, [run = ""]) {
    const { findTranscript } = await import("../find-transcript.ts");
    const file = await findTranscript(process.env, run);
    if (file === null)
      throw new CommandError(
        `there is no transcript of run ${run} in ${transcriptsFolder(process.env)}.`,
        "`--help` shows which runs have one.",
      );
    try {
      await pipeline(file.createReadStream(), process.stdout, { end: false });
    } catch (error) {
      // A reader that leaves early (`| head`) is no failure.
      if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw new CommandError(`${(error as Error).message}.`);
    }
    return 0;
  },
});
