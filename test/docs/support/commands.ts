/** The shell commands of the documentation, as its source has them, and what is said of each where readers do not see it. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { lexer, type Token, walkTokens } from "marked";

export const root = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * A comment before a block: `<!-- not run: REASON -->`, or `<!-- run by: PATH -->` with a test that has more than one
 * devcluster. `<!-- first: COMMAND -->` is run before the block, for what a reader has by then. Without a mark
 * commands.test.ts runs it.
 */
export type Mark = { readonly kind: "run" } | { readonly kind: "run by" | "not run"; readonly says: string };

export interface CommandBlock {
  readonly page: string;
  /** Of its first fence, from 1. */
  readonly line: number;
  readonly text: string;
  readonly mark: Mark;
  readonly first: string;
}

const SHELLS = ["sh", "bash", "shell", "console"];
const COMMENT = /<!-- (not run|run by|first): ([\s\S]+?) -->/g;

/** Pages that people read; a changelog tells of commands that once were. */
export const pages = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: root,
})
  .toString()
  .trim()
  .split("\n")
  .filter((page) => !/^test\/|CHANGELOG\.md$/.test(page));

export const sourceOf = (page: string): string => readFileSync(join(root, page), "utf8");

/** @param page name of the page, for messages */
export function blocksOf(page: string, markdown = sourceOf(page)): readonly CommandBlock[] {
  const blocks: CommandBlock[] = [];
  const visit = (tokens: readonly Token[], line: number): void => {
    let at = line;
    let comments = "";
    for (const token of tokens) {
      if (token.type === "code" && SHELLS.includes(languageOf(token)))
        blocks.push({ page, line: at, text: token.text, ...marksIn(comments) });
      for (const inner of childrenOf(token)) visit(inner, at);
      if (token.type !== "space") comments = token.type === "html" ? comments + token.raw : "";
      at += token.raw.split("\n").length - 1;
    }
  };
  visit(lexer(markdown), 1);
  return blocks;
}

/** Fences of which nobody can say whether they are commands. */
export function namelessFences(markdown: string): readonly string[] {
  const found: string[] = [];
  walkTokens(lexer(markdown), (token) => {
    if (token.type === "code" && languageOf(token) === "") found.push(token.text);
  });
  return found;
}

/** What stands between back-ticks in sentences and tables. */
export function inlineCodeOf(markdown: string): readonly string[] {
  const found: string[] = [];
  walkTokens(lexer(markdown), (token) => {
    if (token.type === "codespan") found.push(token.text);
  });
  return found;
}

/** Those of a page that are marked `run by` that test. Throws where there are none. */
export function blocksFor(test: string, page: string): readonly CommandBlock[] {
  const blocks = blocksOf(page).filter(({ mark }) => mark.kind === "run by" && mark.says === test);
  if (blocks.length === 0) throw new Error(`No block of ${page} is marked <!-- run by: ${test} -->.`);
  return blocks;
}

const languageOf = (token: Token): string => ("lang" in token && token.lang ? String(token.lang).split(" ")[0] : "") ?? "";

function childrenOf(token: Token): readonly (readonly Token[])[] {
  if (token.type === "list") return token.items.map(({ tokens }: { tokens: Token[] }) => tokens);
  return token.type === "blockquote" ? [token.tokens ?? []] : [];
}

function marksIn(comments: string): Pick<CommandBlock, "mark" | "first"> {
  const found = [...comments.matchAll(COMMENT)].map(([, kind = "", says = ""]) => ({ kind, says }));
  const marked = found.find(({ kind }) => kind !== "first") as Mark | undefined;
  return { mark: marked ?? { kind: "run" }, first: found.find(({ kind }) => kind === "first")?.says ?? "" };
}
