import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readInstructions } from "../../src/paperclip/instructions.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "instructions-"));
  await mkdir(join(root, "more"));
  await writeFile(join(root, "AGENTS.md"), "Be kind.\n");
  await writeFile(join(root, "more/SOUL.md"), "A soul.\n");
  await symlink("/etc/passwd", join(root, "link"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const read = (config: Record<string, unknown>, room = 10_000) =>
  readInstructions(config, (path) => readFile(path, "utf8"), room);

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
