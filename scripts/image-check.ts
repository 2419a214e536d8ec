/**
 * `npm run image:check`: builds the root file system of images/agent without a registry, instruction by instruction, and runs
 * an agent in it as a pod would. For Linux, as root, with debootstrap; takes Debian's packages and those of npm from the
 * network, some gigabytes of disk below the temporary folder, and some minutes.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "./image/build.ts";
import { parseDockerfile } from "./image/dockerfile.ts";
import { copied, turn, versions } from "./image/try.ts";

const context = fileURLToPath(new URL("../images/agent", import.meta.url));
const say = (line: string): void => console.log(line);

const file = parseDockerfile(await readFile(join(context, "Dockerfile"), "utf8"));
const suite = /^debian:(\w+)-slim$/.exec(file.stages.at(-1)?.base ?? "")?.[1];
if (suite === undefined) throw new Error("the base is no slim Debian");
const place = await mkdtemp(join(tmpdir(), "image-check-"));
try {
  const built = await build(file, { context, place, suite, say });
  const { stdout } = await promisify(execFile)("du", ["--summarize", "--block-size=MiB", built.root]);
  say(`\n${stdout.split("\t")[0]} on disk. As ${built.user}, the root read-only:`);
  say(await versions(built));
  const { log, seal } = await turn(
    built,
    "git init -q . && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x && echo commits: $(git rev-list --count HEAD)",
  );
  if (!log.includes("commits: 1")) throw new Error(`the agent's command did not run:\n${log}`);
  say(`A turn of Claude Code with a commit, by the runner. Its seal: ${JSON.stringify(seal)}`);
  say(`\nWhat cli: copy brings from it:\n${await copied(built)}`);
} finally {
  await rm(place, { recursive: true, force: true });
}
