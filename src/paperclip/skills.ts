/** The skills that Paperclip assigns to an agent: what its page shows of them, and the files that a pod needs of them. */
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { AdapterSkillContext, AdapterSkillSnapshot } from "@paperclipai/adapter-utils";
import {
  buildRuntimeMountedSkillSnapshot,
  isPaperclipSkillSourceMissing,
  readPaperclipRuntimeSkillEntries,
  resolveLegacyPaperclipDesiredSkillNames,
} from "@paperclipai/adapter-utils/server-utils";

/** Only what Paperclip assigns: what lies in the agent's home can be seen by its pods alone. */
export async function listSkills({ config, adapterType }: AdapterSkillContext): Promise<AdapterSkillSnapshot> {
  const availableEntries = await readPaperclipRuntimeSkillEntries(config, import.meta.dirname);
  return buildRuntimeMountedSkillSnapshot({
    adapterType,
    availableEntries,
    desiredSkills: resolveLegacyPaperclipDesiredSkillNames(config, availableEntries),
    configuredDetail: "Copied into the agent's pod on its next run.",
  });
}

export interface SkillFile {
  /** Below the folder for `--add-dir`, such as `.claude/skills/paperclip/SKILL.md`. */
  readonly path: string;
  readonly text: string;
}

export interface SkillFiles {
  readonly files: readonly SkillFile[];
  /** Skills and files that were left out, each with the reason. */
  readonly notes: readonly string[];
}

/** The files of the skills that the agent is to have. Symbolic links and what is no text are left out and named. */
export async function readSkillFiles(config: Record<string, unknown>): Promise<SkillFiles> {
  const available = await readPaperclipRuntimeSkillEntries(config, import.meta.dirname);
  const desired = new Set(resolveLegacyPaperclipDesiredSkillNames(config, available));
  const files: SkillFile[] = [];
  const notes: string[] = [];
  for (const entry of available.filter(({ key }) => desired.has(key))) {
    if (isPaperclipSkillSourceMissing(entry)) {
      notes.push(`Skill ${entry.key} is not in the pod: ${entry.missingDetail ?? "its files are missing"}`);
      continue;
    }
    const read = await readFolder(entry.source, entry.key);
    files.push(...read.files.map(({ path, text }) => ({ path: `.claude/skills/${entry.runtimeName}/${path}`, text })));
    notes.push(...read.notes);
  }
  return { files, notes };
}

async function readFolder(folder: string, skill: string): Promise<SkillFiles> {
  const files: SkillFile[] = [];
  const notes: string[] = [];
  try {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isDirectory()) continue;
      const path = relative(folder, join(entry.parentPath, entry.name));
      const text = entry.isFile() ? textOf(await readFile(join(folder, path))) : null;
      if (text === null) notes.push(`${path} of skill ${skill} is not in the pod: it is no text file`);
      else files.push({ path, text });
    }
  } catch (error) {
    notes.push(`Skill ${skill} is not whole in the pod: ${error instanceof Error ? error.message : error}`);
  }
  return { files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)), notes };
}

function textOf(bytes: Buffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
