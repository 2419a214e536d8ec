import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { foreignPaths, readInstructions } from "../../src/paperclip/instructions.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "instructions-"));
  await mkdir(join(root, "more"));
  await writeFile(join(root, "AGENTS.md"), "Be kind.\n");
  await writeFile(join(root, "more/SOUL.md"), "A soul.\n");
  await symlink("/etc/passwd", join(root, "link"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const of = (config: Record<string, unknown>, stored: unknown = config) => ({
  config,
  stored,
  companyId: "c",
  agentId: "a",
  home: join(root, "home"),
});
const read = (config: Record<string, unknown>, room = 10_000) => readInstructions({ ...of(config), room });

describe("the agent's instructions", () => {
  it("come with the folder that Paperclip manages for them, links left out", async () => {
    const path = join(root, "AGENTS.md");
    const { instructions, notes } = await read({ instructionsFilePath: path, instructionsRootPath: root });
    expect(instructions).toMatchObject({ path, text: "Be kind.\n", folder: { path: root } });
    expect(instructions?.folder?.files.map((file) => file.path)).toEqual(["AGENTS.md", "more/SOUL.md"]);
    expect(notes).toEqual(["link of the agent's instructions is not in the pod: it is no plain file"]);
  });

  it("come alone where they lie outside of that folder, or where it has no room", async () => {
    const path = join(root, "AGENTS.md");
    const outside = await read({ instructionsFilePath: path, instructionsRootPath: join(root, "more") });
    expect(outside).toEqual({ instructions: { path, text: "Be kind.\n", folder: null }, notes: [] });
    const large = await read({ instructionsFilePath: path, instructionsRootPath: root }, 600);
    expect(large.instructions?.folder).toBeNull();
    expect(large.notes).toEqual([
      "The files beside the instructions are not in the pod: it needs more than the 600 bytes that are left for it",
    ]);
  });

  it("that cannot be read do not stop a run, and are named", async () => {
    const { instructions, notes } = await read({ instructionsFilePath: join(root, "gone.md") });
    expect(instructions).toBeNull();
    expect(notes.join()).toContain("cannot be read, the run goes on without it: ENOENT");
    expect(await read({})).toEqual({ instructions: null, notes: [] });
  });
});

describe("the paths of an agent's instructions", () => {
  const managed = (agent = "a", company = "c", file = "instructions/AGENTS.md") =>
    join(root, "home/instances/default/companies", company, "agents", agent, file);
  const stored = () => ({ instructionsFilePath: join(root, "AGENTS.md"), instructionsRootPath: root });
  const objections = (config: Record<string, unknown>, known: unknown = stored()) =>
    foreignPaths(of(config, known)).map(({ field }) => field);

  it("are those that Paperclip has stored, or lie in the folder that it keeps for the agent", () => {
    expect(objections(stored())).toEqual([]);
    expect(
      objections({ instructionsFilePath: managed(), instructionsRootPath: managed("a", "c", "instructions") }),
    ).toEqual([]);
    expect(objections({})).toEqual([]);
  });

  it.each([
    ["any file", () => "/proc/self/environ"],
    ["another agent's", () => managed("b")],
    ["another company's", () => managed("a", "d")],
    ["one that only begins like the agent's folder", () => managed("a/../b")],
    ["one above", () => managed("a", "c", "../b/AGENTS.md")],
    ["another instance's way out", () => join(root, "home/instances/../../../etc/companies/c/agents/a/x")],
  ])("are not those of an override: %s", (_, path) => {
    expect(objections({ instructionsFilePath: path() })).toEqual(["instructionsFilePath"]);
    expect(objections({ ...stored(), instructionsRootPath: path() })).toEqual(["instructionsRootPath"]);
    expect(objections({ instructionsFilePath: path() }, null)).toEqual(["instructionsFilePath"]);
  });
});

describe("instructions that were replaced by something else", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    await rm(join(root, "home"), { recursive: true, force: true });
    folder = join(root, "home/instances/default/companies/c/agents/a/instructions");
    path = join(folder, "AGENTS.md");
    await mkdir(folder, { recursive: true });
    await writeFile(path, "Mine.\n");
    await mkdir(join(root, "secrets"), { recursive: true });
    await writeFile(join(root, "secrets/AGENTS.md"), "A secret.\n");
    await writeFile(join(root, "secrets/master.key"), "A key.\n");
  });
  const bundle = () => read({ instructionsFilePath: path, instructionsRootPath: folder });

  it("are read as long as they lie there", async () => {
    expect((await bundle()).instructions).toMatchObject({
      text: "Mine.\n",
      folder: { files: [{ path: "AGENTS.md" }] },
    });
  });

  it("may be a link to a file beside them", async () => {
    await rename(path, join(folder, "CLAUDE.md"));
    await symlink("CLAUDE.md", path);
    expect((await bundle()).instructions?.text).toBe("Mine.\n");
  });

  it.each([
    ["a link to elsewhere", () => symlink(join(root, "secrets/master.key"), path), "leads out of its folder"],
    ["a link to the server's environment", () => symlink("/proc/self/environ", path), "leads out of its folder"],
    ["a pipe", () => promisify(execFile)("mkfifo", [path]).then(() => undefined), "is no regular file"],
    ["a folder", () => mkdir(path), "is a folder"],
    ["a terabyte", () => writeFile(path, "").then(() => truncate(path, 1e12)), "has more than 524288 bytes"],
  ])("by %s are not read, and the run goes on", async (_, replace, why) => {
    await rm(path);
    await replace();
    const { instructions, notes } = await bundle();
    expect(instructions).toBeNull();
    expect(notes.join()).toContain(why);
  });

  it("by a link in place of their folder are not read, with nothing beside them", async () => {
    await rm(folder, { recursive: true });
    await symlink(join(root, "secrets"), folder);
    const { instructions, notes } = await bundle();
    expect(instructions).toBeNull();
    expect(notes.join()).toContain("leads out of its folder");
  });
});
