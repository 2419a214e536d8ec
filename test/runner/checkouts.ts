/** Pods whose workspace is a clone, without a cluster. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { onTestFinished } from "vitest";
import { credentialScript, workspaceScript } from "../../src/runner/scripts.generated.ts";
import { type RepositoryValues, RUN_FILES, repositoryValues } from "../../src/runner/spec.ts";
import { isLong } from "../support/thoroughness.ts";
import { Pod, type PodOptions, sh } from "./pod.ts";
import { nodeRunners, type RunnerUnderTest, shRunners } from "./runners.ts";

const TOOLS = ["cat", "cp", "cut", "date", "dd", "grep", "head", "mkdir", "mkfifo", "mv", "rm", "sed", "sh", "sleep"];
const MORE = ["tail", "tr", "wc", "true", "chmod", "touch", "git", "git-lfs"];

/** With what an image with git has, and git's own environment at rest. */
const withGit = (runner: RunnerUnderTest): RunnerUnderTest => {
  const busybox = runner.name === "busybox" ? runner.programs.sh : undefined;
  const programs = Object.fromEntries(
    [...TOOLS, ...MORE].map((tool) => [tool, busybox && !tool.startsWith("git") ? busybox : found(tool)]),
  );
  return { ...runner, programs: { ...runner.programs, ...programs } };
};

/** The runner on one Node, and, in the long form, its sh twin under the shell whose tools differ most. */
export const checkoutRunners: readonly RunnerUnderTest[] = [
  ...nodeRunners.slice(0, 1),
  ...(isLong ? shRunners.slice(-1) : []),
].map(withGit);

/** Under every shell. */
export const shellRunners: readonly RunnerUnderTest[] = shRunners.map(withGit);

function found(program: string): string {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return execFileSync("sh", ["-c", `command -v "$1"`, "sh", program], { env: { PATH: folders.join(delimiter) } })
    .toString()
    .trim();
}

export interface CheckoutOptions extends Partial<PodOptions> {
  readonly repository?: Partial<RepositoryValues>;
  readonly setup?: string;
  /** Credentials for an origin, by a folder like that of a mounted Secret. */
  readonly credentials?: { readonly origin: string; readonly folder: string };
}

export const VALUES: RepositoryValues = {
  ...{ url: "", ref: "", branch: "", depth: 0, submodules: false, lfs: true, sparse: [], managed: false },
  ...{ checkoutTimeoutSec: 60, setupTimeoutSec: 60, volatile: true, rescue: "" },
  author: { name: "Ada", email: "ada@agents.invalid" },
};

export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "checkout-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function checkoutOptions(options: CheckoutOptions): PodOptions {
  const { repository, setup, credentials, files, env, more, ...rest } = options;
  return {
    command: sh("cat >/dev/null; git log --oneline | cat; git status -sb"),
    ...rest,
    more: { ...more, workspace: { keeps: true } },
    files: {
      [RUN_FILES.workspace]: workspaceScript,
      [RUN_FILES.credential]: credentialScript,
      [RUN_FILES.repository]: repositoryValues({ ...VALUES, ...repository }),
      ...(setup === undefined ? {} : { [RUN_FILES.setup]: setup }),
      ...files,
    },
    env: {
      ...{ HOME: join(tmpdir(), "no-such-home"), GIT_CONFIG_NOSYSTEM: "1" },
      ...(credentials ? helperVariables(credentials) : {}),
      ...env,
    },
  };
}

/** As a plan has them, but for where the script is. */
function helperVariables({ origin, folder }: NonNullable<CheckoutOptions["credentials"]>): Record<string, string> {
  const script = join(folder, "helper.sh");
  writeFileSync(script, credentialScript);
  return {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `credential.${origin}.helper`,
    GIT_CONFIG_VALUE_0: `!/bin/sh ${script} ${folder}`,
  };
}

export const startCheckout = (runner: RunnerUnderTest, options: CheckoutOptions): Pod =>
  new Pod(runner, checkoutOptions(options));
