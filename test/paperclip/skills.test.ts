import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listSkills, readSkills } from "../../src/paperclip/skills.ts";

const ROOM = 10_000;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skills-"));
  await mkdir(join(folder, "paperclip/references"), { recursive: true });
  await writeFile(join(folder, "paperclip/SKILL.md"), "# Paperclip\n");
  await writeFile(join(folder, "paperclip/references/api.md"), "# API ✓\n");
  await writeFile(join(folder, "paperclip/picture.png"), Buffer.from([0x89, 0x50, 0xff, 0xfe]));
  await mkdir(join(folder, "paperclip/scripts"));
  await writeFile(join(folder, "paperclip/scripts/do.sh"), "echo done\n");
  await chmod(join(folder, "paperclip/scripts/do.sh"), 0o755);
  await symlink("/etc/passwd", join(folder, "paperclip/link"));
  await mkdir(join(folder, "other"));
  await writeFile(join(folder, "other/SKILL.md"), "# Other\n");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** As the host passes skills on (measured with 2026.916.1). */
const config = (desired: string[] = []) => ({
  paperclipSkillSync: { desiredSkills: desired },
  paperclipRuntimeSkills: [
    {
      key: "paperclipai/paperclip/paperclip",
      runtimeName: "paperclip",
      source: join(folder, "paperclip"),
      sourceStatus: "available",
    },
    { key: "team/other", runtimeName: "other", source: join(folder, "other"), sourceStatus: "available" },
    {
      key: "team/gone",
      runtimeName: "gone",
      source: join(folder, "gone"),
      sourceStatus: "missing",
      missingDetail: "deleted",
    },
  ],
});

const lost = {
  key: "paperclipai/paperclip/paperclip",
  runtimeName: "lost",
  source: join(tmpdir(), "skills-nowhere"),
  sourceStatus: "available",
};

const text = ({ path, bytes }: { path: string; bytes: Uint8Array }) => [path, Buffer.from(bytes).toString()];

describe("readSkills", () => {
  it("has Paperclip's own skill always, byte for byte, and follows no link", async () => {
    const { files, notes } = await readSkills(config(), ROOM);
    expect(files.map(({ path }) => path)).toEqual([
      ".claude/skills/paperclip/SKILL.md",
      ".claude/skills/paperclip/picture.png",
      ".claude/skills/paperclip/references/api.md",
      ".claude/skills/paperclip/scripts/do.sh",
    ]);
    expect(files.map(text)[2]?.[1]).toBe("# API ✓\n");
    expect([...(files[1]?.bytes ?? [])]).toEqual([0x89, 0x50, 0xff, 0xfe]);
    expect(files.map(({ executable }) => executable)).toEqual([false, false, false, true]);
    expect(notes).toEqual(["link of skill paperclipai/paperclip/paperclip is not in the pod: it is no plain file"]);
  });

  it("has what the agent is assigned, and names what is missing, to the agent too", async () => {
    const { files, notes, library } = await readSkills(config(["team/other", "team/gone"]), ROOM);
    expect(files.map(({ path }) => path)).toContain(".claude/skills/other/SKILL.md");
    expect(notes).toContain("Skill team/gone is not in the pod: deleted");
    expect(library).toContain("- team/gone — enabled but unavailable: deleted");
    expect(library).toContain("- team/other — enabled");
  });

  it("tells the agent of skills that it does not have", async () => {
    const { library } = await readSkills(config(), ROOM);
    expect(library).toContain("- team/other — installed, not enabled for you");
  });

  it("leaves a skill out whole where there is no room, Paperclip's own last, and tells no path of the host", async () => {
    const settings = config(["team/other"]);
    const entries = { ...settings, paperclipRuntimeSkills: settings.paperclipRuntimeSkills.toReversed() };
    const { files, notes, library } = await readSkills(entries, 4 * 512 + 40);
    expect(files.every(({ path }) => path.startsWith(".claude/skills/paperclip/"))).toBe(true);
    expect(files).toHaveLength(4);
    expect(notes.join()).toMatch(/Skill team\/other is not in the pod: it needs more than the \d+ bytes/);
    expect(library).toContain("- team/other — enabled but unavailable: its files could not be copied into the pod");
    const { files: fitting } = await readSkills(entries, 5 * 512 + 44);
    expect(fitting).toHaveLength(5);
    const broken = await readSkills({ ...settings, paperclipRuntimeSkills: [lost] }, ROOM);
    expect(broken.notes.join()).toContain("ENOENT");
    expect(broken.library).not.toContain("skills-nowhere");
  });

  it("takes no name that leads out of the folder", async () => {
    const [own] = config().paperclipRuntimeSkills;
    const { files } = await readSkills({ paperclipRuntimeSkills: [{ ...own, runtimeName: "../x" }] }, ROOM);
    expect(files).toEqual([]);
  });
});

describe("listSkills", () => {
  it("tells the page which skills the next run has", async () => {
    const ctx = { agentId: "a", companyId: "c", adapterType: "claude_k8s", config: config(["team/other"]) };
    const { adapterType, supported, entries } = await listSkills(ctx);
    expect({ adapterType, supported }).toEqual({ adapterType: "claude_k8s", supported: true });
    expect(Object.fromEntries(entries.map(({ key, state }) => [key, state]))).toEqual({
      "paperclipai/paperclip/paperclip": "configured",
      "team/other": "configured",
      "team/gone": "missing",
    });
  });
});
