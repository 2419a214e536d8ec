/** The skills that Paperclip assigns to an agent: what its page shows of them, and the files that a pod needs of them. */
import type { AdapterSkillContext, AdapterSkillSnapshot } from "@paperclipai/adapter-utils";
import {
  buildRuntimeMountedSkillSnapshot,
  isPaperclipSkillSourceMissing,
  PAPERCLIP_OPERATIONAL_SKILL_KEY,
  readPaperclipRuntimeSkillEntries,
  resolveLegacyPaperclipDesiredSkillNames,
} from "@paperclipai/adapter-utils/server-utils";
import { buildSkillLibraryManifestMarkdown } from "@paperclipai/adapter-utils/skill-library-manifest";
import { type FolderFile, readFolder } from "./folder.ts";

/** Only what Paperclip assigns: what lies in the agent's home can be seen by its pods alone. */
export async function listSkills({ config, adapterType }: AdapterSkillContext): Promise<AdapterSkillSnapshot> {
  const availableEntries = await entriesOf(config);
  return buildRuntimeMountedSkillSnapshot({
    adapterType,
    availableEntries,
    desiredSkills: resolveLegacyPaperclipDesiredSkillNames(config, availableEntries),
    configuredDetail: "Copied into the agent's pod on its next run.",
  });
}

/** What the host gives; where it gives none the function would look for skills around this very file. */
function entriesOf({ paperclipRuntimeSkills = [] }: Record<string, unknown>) {
  return readPaperclipRuntimeSkillEntries({ paperclipRuntimeSkills }, import.meta.dirname);
}

export interface Skills {
  /** Below the folder for `--add-dir`, such as `.claude/skills/paperclip/SKILL.md`. */
  readonly files: readonly FolderFile[];
  /** For the agent's instructions: which skills its company has, and which of them are its own. Null when there are none. */
  readonly library: string | null;
  /** Skills and files that were left out, each with the reason. */
  readonly notes: readonly string[];
}

/**
 * The skills that the agent is to have, each whole or not at all, Paperclip's own first, as far as `room` (in bytes)
 * goes.
 */
export async function readSkills(config: Record<string, unknown>, room: number): Promise<Skills> {
  const entries = await entriesOf(config);
  const desired = new Set(resolveLegacyPaperclipDesiredSkillNames(config, entries));
  const files: FolderFile[] = [];
  const missing = new Map<string, string>();
  const notes: string[] = [];
  let left = room;
  for (const entry of ownFirst(entries).filter(({ key }) => desired.has(key))) {
    try {
      if (isPaperclipSkillSourceMissing(entry)) throw new Error(entry.missingDetail ?? "its files are missing");
      if (!NAME.test(entry.runtimeName)) throw new Error(`${entry.runtimeName} cannot be the name of a folder`);
      const folder = await readFolder(entry.source, left);
      left -= folder.cost;
      const below = `.claude/skills/${entry.runtimeName}`;
      files.push(...folder.files.map((file) => ({ ...file, path: `${below}/${file.path}` })));
      notes.push(
        ...folder.leftOut.map((path) => `${path} of skill ${entry.key} is not in the pod: it is no plain file`),
      );
    } catch (error) {
      missing.set(entry.key, error instanceof Error ? error.message : String(error));
    }
  }
  const library = buildSkillLibraryManifestMarkdown({
    entries: entries.map((entry) => {
      if (!missing.has(entry.key)) return entry;
      // The reason may name paths of Paperclip's machine, of which the agent is to know nothing.
      const missingDetail = entry.missingDetail ?? "its files could not be copied into the pod";
      return { ...entry, sourceStatus: "missing" as const, missingDetail };
    }),
    desiredSkillKeys: desired,
  });
  notes.push(...[...missing].map(([key, why]) => `Skill ${key} is not in the pod: ${why}`));
  return { files, library, notes };
}

const ownFirst = <T extends { readonly key: string }>(entries: readonly T[]): T[] => [
  ...entries.filter(({ key }) => key === PAPERCLIP_OPERATIONAL_SKILL_KEY),
  ...entries.filter(({ key }) => key !== PAPERCLIP_OPERATIONAL_SKILL_KEY),
];

const NAME = /^(?!\.{1,2}$)[^/\0]+$/;
