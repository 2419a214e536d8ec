import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Mount } from "./paths.ts";

const run = promisify(execFile);

/** Puts a program into a mount namespace of its own, where mounts are as the pod has them. */
export type Enter = (argv: readonly [string, ...string[]], workingDirectory: string) => [string, ...string[]];

/** `unshare`, by which this process may make mount namespaces; null where it may not (macOS, some Linux). */
let unshare: Promise<readonly string[] | null> | undefined;

/**
 * A mount counts when its path exists on this machine because it is a volume's own place, or lies in it: a pod that has a
 * claim mounted where the claim's directory is would else see the whole of it. Null when there is none, or no namespace.
 *
 * @param stage a private folder
 */
export async function privateMounts(
  mounts: readonly Mount[],
  volumes: Iterable<string>,
  stage: string,
): Promise<{ readonly enter: Enter; readonly mounts: readonly Mount[] } | null> {
  const places = [...volumes];
  const own = mounts.filter(({ inPod }) => places.some((place) => inPod === place || inPod.startsWith(`${place}/`)));
  if (own.every(({ inPod, onHost, readOnly }) => inPod === onHost && !readOnly)) return null;
  unshare ??= findUnshare();
  const namespace = await unshare;
  if (namespace === null) return null;
  // Each source is taken before anything covers it; then from the outermost path inwards, as container runtimes do.
  const staged = own.map((mount, index) => ({ ...mount, stage: join(stage, String(index)) }));
  for (const each of staged) await mkdir(each.stage, { recursive: true });
  const outermostFirst = staged.toSorted((a, b) => a.inPod.length - b.inPod.length);
  const script = [
    "set -e",
    ...staged.map((each) => `mount --bind ${quote(each.onHost)} ${quote(each.stage)}`),
    ...outermostFirst.flatMap((each) => [
      `mkdir -p ${quote(each.inPod)}`,
      `mount --bind ${quote(each.stage)} ${quote(each.inPod)}`,
      ...(each.readOnly ? [`mount -o remount,bind,ro ${quote(each.inPod)}`] : []),
    ]),
    ...staged.map((each) => `umount ${quote(each.stage)}`),
    'cd "$1"; shift; exec "$@"',
  ].join("\n");
  const enter: Enter = ([program, ...rest], workingDirectory) => {
    const [command = "unshare", ...options] = namespace;
    return [command, ...options, "sh", "-c", script, "sh", workingDirectory, program, ...rest];
  };
  return { enter, mounts: own };
}

async function findUnshare(): Promise<readonly string[] | null> {
  const mounts = ["unshare", "--mount", "--propagation", "private"];
  const asUser = ["unshare", "--user", "--map-current-user", "--keep-caps", ...mounts.slice(1)];
  for (const [program = "", ...options] of [mounts, asUser]) {
    try {
      await run(program, [...options, "mount", "--bind", "/tmp", "/tmp"]);
      return [program, ...options];
    } catch {
      // The next one.
    }
  }
  return null;
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
