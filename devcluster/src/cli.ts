import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseCommand, type UpOptions } from "./cli-options.ts";
import { startDevcluster } from "./index.ts";

const HELP = `Usage: devcluster up [options]

Speaks the Kubernetes API on 127.0.0.1 until Ctrl-C, and runs containers as processes of this machine.

Options:
  --port N             port of the API                                  [a free one]
  --image NAME[=DIR]   an image that can be run: the host's programs, those of DIR first; may be repeated
  --images FILE.json   images by name: { "name": { "path": [], "env": {}, "entrypoint": [], "workingDir": "" } }
  --kubeconfig FILE    where to write the kubeconfig; must not exist, is removed at the end
  -h, --help           this text
`;

const BANNER = `devcluster: a Kubernetes API for development, in one process.
It is no cluster: containers are plain processes of this user, with this machine's files and network, without any
isolation, limits or images. Never give it work that you would not run in your own shell.`;

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const printError = (text: string): void => void process.stderr.write(`devcluster: ${text}\n`);

/** Resolves when the user wants it to end, or nobody reads what it prints. */
function interrupted(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => done());
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => done());
  });
}

/** Runs a command line; the result is the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const command = parseCommand(args);
  switch (command.kind) {
    case "help":
      print(HELP);
      return 0;
    case "wrong":
      printError(`${command.why}\n\n${HELP}`);
      return 2;
    case "up":
      return up(command.options);
  }
}

async function up(options: UpOptions): Promise<number> {
  const end = interrupted();
  const folder = await mkdtemp(join(tmpdir(), "devcluster-config-"));
  const file = options.kubeconfig === undefined ? join(folder, "kubeconfig") : resolve(options.kubeconfig);
  const cluster = await startDevcluster({ images: options.images, port: options.port });
  let written = false;
  try {
    // Somebody's own kubeconfig is never overwritten; the token in it is for nobody else's eyes.
    await writeFile(file, cluster.kubeconfig, { flag: "wx", mode: 0o600 });
    written = true;
    const images = Object.keys(options.images);
    print(BANNER);
    print(`\nImages: ${images.length === 0 ? "none (see --image)" : images.join(", ")}`);
    print(`API:    ${cluster.url}\n\n  export KUBECONFIG=${file}\n\nCtrl-C ends it and removes everything.`);
    await end;
    return 0;
  } catch (error) {
    printError(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    await cluster.stop();
    if (written) await rm(file, { force: true });
    await rm(folder, { recursive: true, force: true });
  }
}
