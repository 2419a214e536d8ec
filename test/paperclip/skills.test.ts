import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listSkills, readSkillFiles } from "../../src/paperclip/skills.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skills-"));
  await mkdir(join(folder, "paperclip/references"), { recursive: true });
  await writeFile(join(folder, "paperclip/SKILL.md"), "# Paperclip\n");
  await writeFile(join(folder, "paperclip/references/api.md"), "# API ✓\n");
  await writeFile(join(folder, "paperclip/picture.png"), Buffer.from([0x89, 0x50, 0xff, 0xfe]));
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

describe("readSkillFiles", () => {
  it("has Paperclip's own skill always, text only, and follows no link", async () => {
    const { files, notes } = await readSkillFiles(config());
    expect(files).toEqual([
      { path: ".claude/skills/paperclip/SKILL.md", text: "# Paperclip\n" },
      { path: ".claude/skills/paperclip/references/api.md", text: "# API ✓\n" },
    ]);
    expect(notes.toSorted()).toEqual([
      "link of skill paperclipai/paperclip/paperclip is not in the pod: it is no text file",
      "picture.png of skill paperclipai/paperclip/paperclip is not in the pod: it is no text file",
    ]);
  });

  it("has what the agent is assigned, and names what is missing", async () => {
    const { files, notes } = await readSkillFiles(config(["team/other", "team/gone"]));
    expect(files.map(({ path }) => path)).toContain(".claude/skills/other/SKILL.md");
    expect(notes.join()).toContain("Skill team/gone is not in the pod: deleted");
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
