/** The repository of a run's project, as Paperclip names it. Pure. */
import type { Wake } from "../../../paperclip/wake.ts";

export interface Repository {
  /** As the project has it. An agent of the company may have written it. */
  readonly url: string;
  /** Branch, tag or commit to begin from; null = the repository's default branch. */
  readonly ref: string | null;
  /** The branch to work on, which may exist nowhere yet; null = that of `ref`. */
  readonly branch: string | null;
}

export const repositoryOf = ({ repoUrl, repoRef, branch }: Wake["workspace"]): Repository | null =>
  repoUrl === null ? null : { url: repoUrl, ref: repoRef, branch };

const SCHEMES = new Set(["https:", "http:", "ssh:", "git:"]);
/** `user@host:path`, as git has it beside URLs. A drive letter or a helper (`ext::`) is none. */
const SCP = /^(?:[\w.-]+@)?[\w.-]{2,}:(?![:/]{2})[^\s]+$/;

/** Whether a pod could clone from there: a path of Paperclip's machine, and git's helpers that run programs, are nothing for it. */
export function cloneable({ url }: Pick<Repository, "url">): boolean {
  const parsed = URL.parse(url);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url))
    return parsed !== null && SCHEMES.has(parsed.protocol) && parsed.host !== "";
  return !/^file:/i.test(url) && SCP.test(url);
}

/** Without what may be a credential, for messages. */
export function shownUrl(url: string): string {
  const shown = url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^@/\s]*@/i, "$1").replace(/[?#].*$/s, "");
  return shown.length > 200 ? `${shown.slice(0, 199)}…` : shown;
}

/** The name of a repository's folder, the same for each run of a task: Claude Code files its sessions by the path. */
export function directoryOf(repository: Pick<Repository, "url"> | null): string {
  const last =
    shownUrl(repository?.url ?? "")
      .replace(/\/+$/, "")
      .split(/[/:]/)
      .at(-1) ?? "";
  const name = last
    .replace(/\.git$/i, "")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[.-]+/, "")
    .slice(0, 64);
  return name || "project";
}
