/** What Paperclip's page is given of the agent's stdout. Why: docs/decisions/0009. */
import { readFile, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type PageForm, pageForm } from "../../../config/operator.ts";

/**
 * The operator's setting; else text in Paperclip's server, whose page cannot read stream-json (measured on 2026.916.1), and
 * stream-json for every other host, which reads the lines itself.
 *
 * @param mainModule path of the program that this process runs
 */
export async function choosePageForm(env: NodeJS.ProcessEnv, mainModule: string | undefined): Promise<PageForm> {
  return pageForm(env) ?? ((await isPaperclip(mainModule)) ? "text" : "stream-json");
}

/** The server as a program of its own (also in Paperclip's image), and the command line, which loads the server. */
const PAPERCLIP = new Set(["@paperclipai/server", "paperclipai"]);

/**
 * True when the program is of one of Paperclip's packages. Its version does not help: a server that was built from
 * source, as in Paperclip's image, has a placeholder there (0.3.1).
 */
async function isPaperclip(mainModule: string | undefined): Promise<boolean> {
  // npm starts a program through a link.
  const program = mainModule ? await realpath(mainModule).catch(() => null) : null;
  return program !== null && PAPERCLIP.has((await packageOf(program)) ?? "");
}

/** Name of the package that a file belongs to: that of the nearest package.json with a name. */
async function packageOf(file: string): Promise<string | null> {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const name = await nameIn(join(folder, "package.json"));
    if (name !== null || folder === dirname(folder)) return name;
  }
}

async function nameIn(packageJson: string): Promise<string | null> {
  try {
    const { name } = JSON.parse(await readFile(packageJson, "utf8")) as { name?: unknown };
    return typeof name === "string" ? name : null;
  } catch {
    return null;
  }
}
