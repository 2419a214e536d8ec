/**
 * `npm run release`: everything that a release does, up to the publishing, which is left out. CI runs it on each commit.
 *
 *   npm run release                       check, build, pack, check the tarball, print the notes
 *   npm run release -- prepare 1.2.0      write that version and today's date into the files, to be committed and tagged
 *   npm run release -- publish            the first, and `npm publish` with provenance: in CI, from the tag
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chartFiles } from "./chart.ts";
import { notesOf, released, sectionsOf } from "./release/changelog.ts";
import { distTagOf, isVersion, versionsIn, writeVersion } from "./release/versions.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const changelogPath = join(root, "CHANGELOG.md");

class ReleaseError extends Error {}

async function run(program: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
}

const bin = (name: string): string => join(root, "node_modules/.bin", name);
const git = (...args: readonly string[]): Promise<string> => run("git", ...args);

async function prepare(version: string): Promise<void> {
  if (!isVersion(version)) throw new ReleaseError(`"${version}" is no version such as 1.2.0 or 1.2.0-beta.1.`);
  const date = new Date().toISOString().slice(0, 10);
  await writeFile(changelogPath, released(await readFile(changelogPath, "utf8"), version, date));
  await writeVersion(root, version);
  for (const [path, text] of Object.entries(chartFiles())) await writeFile(path, text);
  console.log(`Version ${version} of ${date} is written. Read the diff, then:`);
  console.log(`  git commit --all --message "Release ${version}" && git tag v${version}`);
}

/** Throws where the files say different things. */
async function agreedVersion(): Promise<string> {
  const versions = Object.entries(await versionsIn(root));
  const version = versions[0]?.[1] ?? "";
  const others = versions.filter(([, other]) => other !== version);
  if (!isVersion(version)) throw new ReleaseError(`package.json: "${version}" is no version.`);
  if (others.length > 0) {
    const said = others.map(([file, other]) => `${file} says ${other}`).join("; ");
    throw new ReleaseError(`package.json says ${version}; ${said}. \`npm run release -- prepare\` writes all.`);
  }
  return version;
}

interface Packed {
  readonly tarball: string;
  readonly files: number;
  readonly bytes: number;
}

async function pack(folder: string): Promise<Packed> {
  await run(process.execPath, "scripts/build.ts");
  const said = JSON.parse(await run("npm", "pack", "--ignore-scripts", "--json", "--pack-destination", folder));
  const [entry] = (Array.isArray(said) ? said : Object.values(said)) as {
    filename: string;
    files: { path: string }[];
  }[];
  if (!entry) throw new ReleaseError("npm packed nothing.");
  const tarball = join(folder, entry.filename);
  const needed = [
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "dist/index.js",
    "deploy/rbac.yaml",
    "deploy/chart/Chart.yaml",
  ];
  const lacking = needed.filter((path) => !entry.files.some((file) => file.path === path));
  if (lacking.length > 0) throw new ReleaseError(`The tarball lacks ${lacking.join(", ")}.`);
  await run(bin("publint"), "--strict", tarball);
  await run(bin("attw"), tarball, "--profile", "esm-only");
  return { tarball, files: entry.files.length, bytes: (await readFile(tarball)).length };
}

/** What a publication needs beyond what each commit has; sentences. */
async function missingFor(version: string, repository: string | null): Promise<string[]> {
  const tag = `v${version}`;
  const [status, tags] = await Promise.all([git("status", "--porcelain"), git("tag", "--points-at", "HEAD")]);
  const [newest, next] = sectionsOf(await readFile(changelogPath, "utf8"));
  const missing: string[] = [];
  if (next?.title !== version) missing.push(`CHANGELOG.md has no section of ${version} below Unreleased.`);
  if (newest?.title !== "Unreleased" || newest.text !== "") missing.push("Something is unreleased.");
  if (status !== "") missing.push("There are changes that are not committed.");
  if (!tags.split("\n").includes(tag)) missing.push(`HEAD does not have the tag ${tag}.`);
  if (repository === null) missing.push("package.json names no repository, which npm's provenance asks for.");
  if (!process.env.CI)
    missing.push("This is no CI job: provenance says who built the package, so only CI publishes it.");
  return missing;
}

async function release(publish: boolean): Promise<void> {
  const version = await agreedVersion();
  const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const repository = /github\.com[/:]([^/]+\/[^/.]+)/.exec(JSON.stringify(manifest.repository ?? ""))?.[1] ?? null;
  const missing = await missingFor(version, repository);
  if (publish && missing.length > 0) throw new ReleaseError(missing.join("\n"));
  const notes = notesOf(
    await readFile(changelogPath, "utf8"),
    version,
    repository && `https://github.com/${repository}`,
  );
  const folder = await mkdtemp(join(tmpdir(), "release-"));
  try {
    const { tarball, files, bytes } = await pack(folder);
    const sha256 = createHash("sha256")
      .update(await readFile(tarball))
      .digest("hex");
    console.log(`${manifest.name} ${version}: ${files} files, ${bytes} bytes, sha256 ${sha256}\n\n${notes}\n`);
    const args = [
      "publish",
      tarball,
      "--ignore-scripts",
      "--access=public",
      "--provenance",
      `--tag=${distTagOf(version)}`,
    ];
    if (publish) console.log(await run("npm", ...args));
    else console.log(`A dry run: nothing is published. It would be: npm ${args.join(" ").replace(tarball, "TARBALL")}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  for (const sentence of publish ? [] : missing) console.log(`Before that: ${sentence}`);
}

const [command = "check", ...rest] = process.argv.slice(2);
try {
  if (command === "prepare" && rest[0]) await prepare(rest[0]);
  else if (command === "check" || command === "publish") await release(command === "publish");
  else throw new ReleaseError("Usage: npm run release [-- prepare VERSION | publish]");
} catch (error) {
  if (!(error instanceof ReleaseError) && !(error as { stderr?: string }).stderr) throw error;
  console.error((error as { stderr?: string }).stderr || (error as Error).message);
  process.exitCode = 1;
}
