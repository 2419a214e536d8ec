/** The changelog as a release reads and writes it: `## Unreleased` on top, then `## VERSION (DATE)`, newest first. */

export interface Section {
  /** `Unreleased`, or a version. */
  readonly title: string;
  /** YYYY-MM-DD; null for what is not released. */
  readonly date: string | null;
  /** The text below the heading. */
  readonly text: string;
}

const HEADING = /^## (Unreleased|\d\S*)(?: \((\d{4}-\d{2}-\d{2})\))?$/;

/** Throws where a heading of a section is none of the two. */
export function sectionsOf(changelog: string): readonly Section[] {
  const parts = changelog.split(/^(?=## )/m).filter((part) => part.startsWith("## "));
  return parts.map((part) => {
    const [heading = "", ...lines] = part.split("\n");
    const [, title, date = null] = HEADING.exec(heading) ?? [];
    if (!title || (title === "Unreleased") !== (date === null))
      throw new Error(`CHANGELOG.md: "${heading}" is neither "## Unreleased" nor "## VERSION (YYYY-MM-DD)".`);
    return { title, date, text: lines.join("\n").trim() };
  });
}

/**
 * What is new in a version: its own section, or before it is released what stands under Unreleased. Links to files of the
 * repository become links to those of that version.
 */
export function notesOf(changelog: string, version: string, repository: string | null): string {
  const sections = sectionsOf(changelog);
  const found = sections.find(({ title }) => title === version) ?? sections.find(({ title }) => title === "Unreleased");
  if (!found?.text)
    throw new Error(`CHANGELOG.md says nothing of ${version}: write what is new under "## Unreleased".`);
  if (repository === null) return found.text;
  return found.text.replaceAll(/\]\((?!https?:|#)([^)]+)\)/g, `](${repository}/blob/v${version}/$1)`);
}

/** Moves what is unreleased under the version, and leaves an empty section for what comes next. Throws where there is nothing. */
export function released(changelog: string, version: string, date: string): string {
  const sections = sectionsOf(changelog);
  if (sections.some(({ title }) => title === version)) throw new Error(`CHANGELOG.md has ${version} already.`);
  const [unreleased] = sections;
  if (unreleased?.title !== "Unreleased" || unreleased.text === "")
    throw new Error(`CHANGELOG.md has nothing under "## Unreleased", so that there is nothing to release.`);
  return changelog.replace("## Unreleased", `## Unreleased\n\n## ${version} (${date})`);
}
