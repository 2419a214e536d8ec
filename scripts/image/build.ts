/** Builds an image's root file system without a registry: each instruction of its Dockerfile in a chroot, the base by debootstrap. */
import { execFile, spawn } from "node:child_process";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { Dockerfile, Stage, Step } from "./dockerfile.ts";

const exec = promisify(execFile);

export interface BuildOptions {
  /** Where Dockerfile and its files are. */
  readonly context: string;
  /** An empty folder; root file systems are made in it. */
  readonly place: string;
  /** Debian's release, of which the base is made. */
  readonly suite: string;
  readonly say: (line: string) => void;
}

export interface Built {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly workdir: string;
}

const START_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The last stage. Needs root, debootstrap, Debian's mirror and the npm registry. */
export async function build(file: Dockerfile, options: BuildOptions): Promise<Built> {
  const base = join(options.place, "base");
  options.say(`debootstrap --variant=minbase ${options.suite}`);
  await run("debootstrap", ["--variant=minbase", options.suite, base]);
  const built = new Map<string, Built>();
  let last: Built | undefined;
  for (const [index, stage] of file.stages.entries()) {
    const root = join(options.place, `stage-${index}`);
    await exec("cp", ["-a", base, root]);
    last = await buildStage(stage, root, built, options);
    if (stage.name) built.set(stage.name, last);
  }
  if (!last) throw new Error("no stage");
  return last;
}

async function buildStage(
  stage: Stage,
  root: string,
  others: ReadonlyMap<string, Built>,
  { context, say }: BuildOptions,
): Promise<Built> {
  const env: Record<string, string> = { PATH: START_PATH };
  const so = { user: "0:0", workdir: "/" };
  for (const step of stage.steps) {
    say(shown(step));
    switch (step.kind) {
      case "RUN":
        await inRoot(root, ["/bin/sh", "-c", step.command], { env, workdir: so.workdir });
        break;
      case "COPY":
        await copy(step, root, so.workdir, step.from === null ? context : (others.get(step.from)?.root ?? ""));
        break;
      case "ENV":
        env[step.name] = step.value;
        break;
      case "USER":
        so.user = step.value;
        break;
      case "WORKDIR":
        so.workdir = step.value;
        await mkdir(join(root, step.value), { recursive: true });
        break;
      case "CMD":
        break;
    }
  }
  return { root, env, ...so };
}

const shown = (step: Step): string => `${step.kind} ${JSON.stringify({ ...step, kind: undefined })}`;

/** As COPY does: a folder's content, a file under its name where the target is a folder. */
async function copy(step: Step & { kind: "COPY" }, root: string, workdir: string, from: string): Promise<void> {
  const target = join(root, step.to.startsWith("/") ? step.to : join(workdir, step.to));
  for (const source of step.sources) {
    const into = step.to.endsWith("/") ? join(target, basename(source)) : target;
    await cp(join(from, source), into, { recursive: true, verbatimSymlinks: true });
  }
}

/** What the build needs of this machine, and the image must not have. */
const BORROWED = "/etc/claude-k8s-image-check.pem";

/** In a mount namespace of its own; with the network and the npm registry of this machine. Throws when it fails. */
async function inRoot(
  root: string,
  argv: readonly string[],
  { env, workdir }: { readonly env: Readonly<Record<string, string>>; readonly workdir: string },
): Promise<void> {
  await exec("cp", ["-L", "/etc/resolv.conf", "/etc/hosts", join(root, "etc")]);
  const npm = async (key: string) => (await exec("npm", ["config", "get", key])).stdout.trim();
  const [registry, authorities] = [await npm("registry"), await npm("cafile")];
  const borrowed: Record<string, string> = { npm_config_registry: registry, DEBIAN_FRONTEND: "noninteractive" };
  if (authorities && authorities !== "null") {
    await exec("cp", ["-L", authorities, join(root, BORROWED)]);
    Object.assign(borrowed, { npm_config_cafile: BORROWED });
  }
  const words = Object.entries({ ...env, ...borrowed }).map(([name, value]) => `${name}=${value}`);
  const script =
    'root=$1; workdir=$2; shift 2; mount --bind /dev "$root/dev" && mount -t proc proc "$root/proc" || exit; exec chroot "$root" env -i "$@"';
  try {
    await run("unshare", [
      ...["--mount", "--propagation", "private", "sh", "-c", script, "sh", root, workdir],
      ...[...words, "env", `--chdir=${workdir}`, ...argv],
    ]);
  } finally {
    await rm(join(root, BORROWED), { force: true });
    await writeFile(join(root, "etc/resolv.conf"), "");
  }
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let end = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (bytes: Buffer) => {
      end = `${end}${bytes}`.slice(-4000);
    });
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (code !== 0) throw new Error(`${program} ended with ${code}:\n${end}`);
}
