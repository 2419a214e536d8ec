/** Runs an agent in a root file system as a pod would: as its user, the root read-only, by the runner, against a scripted model. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { bash, say, startScriptedModel, text } from "../../demo/scripted-model/index.ts";
import { broughtCli } from "../../src/run/plan/cli.ts";
import { runnerScript, startScript } from "../../src/runner/scripts.generated.ts";
import { RUN_DIRECTORY, RUN_FILES, shellSpec } from "../../src/runner/spec.ts";
import type { Built } from "./build.ts";

const exec = promisify(execFile);

const MOUNTS = `
set -e
root=$1 run=$2 user=$3; shift 3
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
for place in run tmp paperclip; do mount -t tmpfs -o mode=1777 tmpfs "$root/$place"; done
mkdir -m 1777 -p "$root${RUN_DIRECTORY}" "$root/run/claude-k8s-cli"
mount --bind "$run" "$root${RUN_DIRECTORY}"
mount -o remount,bind,ro "$root"
exec chroot --userspec="$user" "$root" env -i "$@"
`;

/** A program in it, with the folder as the run's. Throws when it fails. */
async function inPod(
  { root, env, user }: Built,
  run: string,
  argv: readonly string[],
  more: Record<string, string> = {},
) {
  const variables = Object.entries({ ...env, HOME: "/paperclip", ...more }).map(([name, value]) => `${name}=${value}`);
  const { stdout } = await exec(
    "unshare",
    ["--mount", "--propagation", "private", "sh", "-c", MOUNTS, "sh", root, run, user, ...variables, ...argv],
    { maxBuffer: 2 ** 24 },
  );
  return stdout;
}

const PROGRAMS = ["claude", "git", "gh", "rg", "bash", "node", "npm", "python3", "jq", "curl"];

/** What each program says of its version, and `id`. */
export async function versions(built: Built): Promise<string> {
  const run = await mkdtemp(join(tmpdir(), "image-run-"));
  const script = `id && for each in ${PROGRAMS.join(" ")}; do printf '%s: ' "$each" && "$each" --version | head -n 1 || exit; done; ! touch /written 2>/dev/null`;
  try {
    return await inPod(built, run, ["/bin/bash", "-o", "pipefail", "-c", script]);
  } finally {
    await rm(run, { recursive: true });
  }
}

/** The lines and the seal of a turn of Claude Code with one shell command. */
export async function turn(built: Built, command: string): Promise<{ readonly log: string; readonly seal: unknown }> {
  const model = await startScriptedModel({ script: [say([bash(command)]), say([text("done")])] });
  const run = await mkdtemp(join(tmpdir(), "image-run-"));
  const spec = {
    command: ["claude", "--print", "--output-format", "stream-json", "--verbose", "--dangerously-skip-permissions"],
    graceSec: 5,
    timeoutSec: 120,
  } as const;
  const files = {
    [RUN_FILES.start]: startScript,
    [RUN_FILES.runner]: runnerScript,
    [RUN_FILES.spec]: JSON.stringify(spec),
    [RUN_FILES.shellSpec]: shellSpec(spec),
    [RUN_FILES.prompt]: "Go.",
  };
  try {
    await exec("chmod", ["755", run]);
    for (const [name, content] of Object.entries(files)) await writeFile(join(run, name), content);
    const log = "/tmp/termination-log";
    const script = `: >${log}; /bin/sh ${RUN_DIRECTORY}/${RUN_FILES.start} ${log} /paperclip/work; code=$?; echo; cat ${log}; exit $code`;
    const stdout = await inPod(built, run, ["/bin/sh", "-c", script], {
      ANTHROPIC_BASE_URL: model.url,
      ANTHROPIC_API_KEY: "scripted",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    });
    const at = stdout.lastIndexOf("\n");
    return { log: stdout.slice(0, at), seal: JSON.parse(stdout.slice(at + 1)) };
  } finally {
    await model.stop();
    await rm(run, { recursive: true });
  }
}

/** What the init container of `cli: copy` brings from it. */
export async function copied(built: Built): Promise<string> {
  const [container] = broughtCli({ cli: "copy", cliImage: "this", imagePullPolicy: "IfNotPresent" }).initContainers;
  const words = (container?.command ?? []).map((word) => word.replaceAll("$$", "$"));
  const folder = words.at(-1) ?? "";
  const look = `"$@" && ${folder}/bin/claude --version && ${folder}/node/node --version`;
  const run = await mkdtemp(join(tmpdir(), "image-run-"));
  try {
    await mkdir(run, { recursive: true });
    return await inPod(built, run, ["/bin/sh", "-c", look, "sh", ...words]);
  } finally {
    await rm(run, { recursive: true });
  }
}
