/** Images for the devcluster that lack something, or have a scripted agent: a folder of links to the host's programs. */
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findClaudeCode } from "../../../demo/claude-code.ts";
import type { Place } from "./place.ts";
import { INIT, SESSION } from "./run.ts";

export interface ImageContent {
  /** Of the host's programs, those that the image has not: `node` and all that begins so. @default none */
  readonly without?: readonly string[];
  /** `real` = Claude Code itself; else a program for sh. @default none */
  readonly claude?: "real" | { readonly sh: string };
}

/** A `claude` for sh that answers, and knows `--version`. */
export const answering = (answer: string, subtype = "success"): string =>
  `case $1 in --version) echo '2.1.330 (Claude Code)'; exit;; --help) exit;; esac
cat >/dev/null; ${INIT}
echo '{"type":"result","subtype":"${subtype}","is_error":false,"session_id":"${SESSION}","num_turns":1,"result":"${answer}"}'`;

export class AgentImages {
  readonly #place: Place;
  readonly #folder: string;
  #count = 0;

  private constructor(place: Place, folder: string) {
    this.#place = place;
    this.#folder = folder;
  }

  static async make(place: Place): Promise<AgentImages> {
    return new AgentImages(place, await mkdtemp(join(tmpdir(), "agent-images-")));
  }

  /** The image's name. */
  async add({ without = [], claude }: ImageContent): Promise<string> {
    const name = `agent-image:${++this.#count}`;
    const folder = join(this.#folder, String(this.#count));
    await mkdir(folder);
    const lacks = (program: string): boolean => without.some((word) => program.startsWith(word));
    for (const place of [dirname(process.execPath), "/usr/bin", "/bin"])
      for (const program of await readdir(place))
        if (!lacks(program) && program !== "claude")
          await symlink(join(place, program), join(folder, program)).catch(() => "is there");
    if (claude === "real") await symlink(findClaudeCode().binary, join(folder, "claude"));
    else if (claude) {
      await writeFile(join(folder, "claude"), `#!/bin/sh\n${claude.sh}\n`);
      await chmod(join(folder, "claude"), 0o755);
    }
    this.#place.images[name] = { env: { PATH: folder, IS_SANDBOX: "1" } };
    return name;
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}
