import { randomBytes } from "node:crypto";
import { access, constants, mkdir, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import type { Container } from "kubernetes-types/core/v1";
import type { LocalImage } from "../types.ts";
import type { Launch } from "./container.ts";
import { expand } from "./expansion.ts";
import { type Mapping, type Mount, translator } from "./paths.ts";
import type { PodFiles } from "./pod-files.ts";
import { privateMounts } from "./private-mounts.ts";

const DEFAULT_TERMINATION_PATH = "/dev/termination-log";

export interface LaunchSource {
  readonly container: Container;
  readonly image: LocalImage;
  /** What the pod gives to the container, values as the pod knows them. */
  readonly variables: ReadonlyMap<string, string>;
  readonly mounts: readonly Mount[];
  /** Where the pod's volumes lie on the host. */
  readonly volumes: readonly string[];
  readonly hostname: string;
  readonly places: Awaited<ReturnType<PodFiles["prepare"]>>;
  /** The devcluster's own environment: only PATH is taken from it. */
  readonly host: Readonly<Record<string, string | undefined>>;
  /** Variables of every container, such as where the API server is. */
  readonly shared: Readonly<Record<string, string>>;
}

/** Why a container cannot be started at all; the text is that of containerd and runc (measured on 1.36). */
export class StartError extends Error {
  override readonly name = "StartError";
  readonly why: string;

  constructor(why: string) {
    super(
      "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: " +
        `unable to start container process: error during container init: ${why}`,
    );
    this.why = why;
  }
}

/** Everything that the process needs, with the pod's paths turned into the host's. Makes the private directories. */
export async function planLaunch(source: LaunchSource): Promise<Launch> {
  const { container, image, variables, places } = source;
  const workingDir = container.workingDir || undefined;
  const inside = await privateMounts(source.mounts, source.volumes, places.mounts);
  const inPod = container.terminationMessagePath || DEFAULT_TERMINATION_PATH;
  // What is mounted in a namespace of the container's own is at its path.
  const translated = source.mounts.filter((mount) => !inside?.mounts.includes(mount));
  const mappings: Mapping[] = [...translated, { inPod, onHost: places.terminationMessage }];
  // Places that are in no volume would be in the container's own file system: here in its private directory.
  for (const place of [workingDir, variables.get("HOME"), variables.get("TMPDIR")]) {
    if (place === undefined || place === "/" || !isAbsolute(place)) continue;
    if (covered(place, mappings) || covered(place, inside?.mounts ?? [])) continue;
    mappings.push({ inPod: place, onHost: join(places.root, place) });
    await mkdir(join(places.root, place), { recursive: true });
  }
  const translate = translator(mappings);
  const inHome = workingDir === undefined || workingDir === "/" ? undefined : translate(workingDir);
  const workingDirectory = inHome ?? image.workingDir ?? places.root;
  await mkdir(workingDirectory, { recursive: true });
  const own = Object.fromEntries([...variables].map(([name, value]) => [name, translate(value)]));
  const env = {
    HOME: places.home,
    TMPDIR: covered("/tmp", mappings) ? translate("/tmp") : places.tmp,
    HOSTNAME: source.hostname,
    LANG: "C.UTF-8",
    ...source.shared,
    PATH: [...(image.path ?? []), source.host.PATH ?? ""].join(delimiter),
    ...image.env,
    ...own,
  };
  const words = [...(container.command ?? image.entrypoint ?? []), ...(container.args ?? [])];
  const [program, ...rest] = words.map((word) => translate(expand(word, variables)));
  if (program === undefined) throw new StartError("no command specified");
  const found = await findProgram(program, words[0] ?? program, env.PATH, workingDirectory);
  const enter: Launch["enter"] = (argv) => inside?.enter(argv, workingDirectory) ?? [...argv];
  return {
    id: randomBytes(32).toString("hex"),
    argv: enter([found, ...rest]),
    env,
    workingDirectory,
    translate,
    enter,
  };
}

function covered(path: string, mappings: readonly Mapping[]): boolean {
  return mappings.some(({ inPod }) => path === inPod || path.startsWith(`${inPod.replace(/\/+$/, "")}/`));
}

/** `called` is its name in the pod. Throws StartError. */
export async function findProgram(program: string, called: string, path: string, cwd: string): Promise<string> {
  if (program.includes("/")) {
    const file = resolve(cwd, program);
    const found = await stat(file).catch(() => undefined);
    if (found === undefined) throw new StartError(`exec: "${called}": stat ${called}: no such file or directory`);
    if (found.isDirectory()) throw new StartError(`exec: "${called}": is a directory`);
    if (!(await isExecutable(file))) throw new StartError(`exec: "${called}": permission denied`);
    return file;
  }
  for (const folder of path.split(delimiter)) {
    const file = resolve(cwd, folder, program);
    if (folder !== "" && (await isExecutable(file))) return file;
  }
  throw new StartError(`exec: "${called}": executable file not found in $PATH`);
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
