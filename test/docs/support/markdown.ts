/** As much of Markdown as GitHub's pages are linked by. */

export interface Link {
  /** As it stands there: a path, `#anchor`, both, or a URL. */
  readonly target: string;
  /** From 1. */
  readonly line: number;
}

/** Everything in fences and in back-ticks blanked, so that lines and columns stay. */
export function withoutCode(markdown: string): string {
  const blank = (text: string): string => text.replace(/[^\n]/g, " ");
  return markdown
    .replace(/^( *)(`{3,}|~{3,})[^\n]*\n[\s\S]*?^\1\2 *$/gm, blank)
    .replace(/(`+)(?!`)[^\n]*?(?<!`)\1(?!`)/g, blank);
}

/** Inline links, pictures, and `<a href>`. */
export function linksOf(markdown: string): readonly Link[] {
  const text = withoutCode(markdown);
  const found = [
    ...text.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g),
    ...text.matchAll(/(?:href|src)="([^"]+)"/g),
  ];
  return found.map(({ 1: target = "", index }) => ({ target, line: text.slice(0, index).split("\n").length }));
}

/** The anchors that GitHub makes of the headings, and those that stand there as HTML. */
export function anchorsOf(markdown: string): ReadonlySet<string> {
  const fenceless = markdown.replace(/^( *)(`{3,}|~{3,})[^\n]*\n[\s\S]*?^\1\2 *$/gm, "");
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ""] of fenceless.matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const slug = slugOf(heading);
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    anchors.add(before === 0 ? slug : `${slug}-${before}`);
  }
  for (const [, id = ""] of fenceless.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}

/** Of a heading, with its links' words and without its marks. */
function slugOf(heading: string): string {
  return heading
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, "")
    .replaceAll(" ", "-");
}
