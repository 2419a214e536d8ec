/** Reads the operator's file, each time anew: a run starts seldom, and a change is to hold for the next one. */
import { realpath, stat } from "node:fs/promises";
import { delimiter, dirname, isAbsolute } from "node:path";
import { readGuardedText } from "../files/guarded-file.ts";
import { paperclipHome } from "../paperclip/kept-files.ts";
import { isBelow } from "../paperclip/paths.ts";
import { withDefaults } from "./defaults.ts";
import type { FileProblem } from "./file-problems.ts";
import { type ParsedPolicy, PolicyError, parsePolicy } from "./parse-policy.ts";
import type { Policy } from "./rules.ts";

/** Names the operator's file. */
export const POLICY_VARIABLE = "PAPERCLIP_K8S_POLICY";

/** Bytes of the longest file that is read. */
export const MAX_POLICY_BYTES = 256 * 1024;

/** Without a file the defaults. Throws PolicyError. */
export async function readPolicy(env: NodeJS.ProcessEnv): Promise<Policy> {
  const read = await readPolicyFile(env);
  return read?.policy ?? withDefaults({}, null, ownKubeconfigsOf(env));
}

/** Null where the environment names none. Throws PolicyError. */
export async function readPolicyFile(env: NodeJS.ProcessEnv): Promise<ParsedPolicy | null> {
  const path = env[POLICY_VARIABLE]?.trim();
  if (!path) return null;
  const text = await readTrusted(path, env);
  const named = namedByVariable(path);
  const parsed = parsePolicy(text, { path, named, ownKubeconfigs: ownKubeconfigsOf(env) });
  await requireKubeconfigsElsewhere(parsed, named, env);
  return parsed;
}

/** Kubeconfigs that Paperclip's own environment names. */
export const ownKubeconfigsOf = (env: NodeJS.ProcessEnv): readonly string[] =>
  (env.KUBECONFIG ?? "").split(delimiter).filter(isAbsolute);

const namedByVariable = (path: string): string => `The policy ${path} (${POLICY_VARIABLE})`;

/** A kubeconfig may name a program: one that an agent can write would be the agent's program. Throws PolicyError. */
export async function requireKubeconfigsElsewhere(
  { policy, at }: ParsedPolicy,
  named: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  // Where agents are trusted, any of them names a kubeconfig as it likes.
  if (policy.trust === "full") return;
  const home = await realHome(env);
  const problems: FileProblem[] = [];
  for (const [name, { kubeconfig }] of Object.entries(policy.clusters)) {
    if (kubeconfig === undefined || !(await liesBelow(kubeconfig, home))) continue;
    problems.push({
      problem: `${at(["clusters", name, "kubeconfig"])}clusters.${name}.kubeconfig lies in Paperclip's home (${home}), where agents may write`,
      fix: "Mount it elsewhere, such as /etc/paperclip-k8s.",
    });
  }
  if (problems.length > 0) throw new PolicyError(named, problems);
}

const realHome = (env: NodeJS.ProcessEnv): Promise<string> =>
  realpath(paperclipHome(env)).catch(() => paperclipHome(env));

/** By its name, or by where links lead. */
async function liesBelow(path: string, home: string): Promise<boolean> {
  return isBelow(path, home) || isBelow(await realpath(path).catch(() => path), home);
}

/** Only what the operator alone can have written: an agent's pod may write in Paperclip's home. */
async function readTrusted(path: string, env: NodeJS.ProcessEnv): Promise<string> {
  const refuse = (problem: string, fix: string): never => {
    throw new PolicyError(namedByVariable(path), [{ problem, fix }]);
  };
  if (!isAbsolute(path)) refuse("is not named by an absolute path", `Set ${POLICY_VARIABLE} to one.`);
  try {
    const real = await realpath(path);
    const home = await realHome(env);
    if (await liesBelow(path, home))
      refuse(
        `lies in Paperclip's home (${home}), where agents may write`,
        "Mount it elsewhere, such as /etc/paperclip-k8s.",
      );
    await refuseWritable(real, refuse);
    return await readGuardedText(real, { maxBytes: MAX_POLICY_BYTES, links: false });
  } catch (error) {
    if (error instanceof PolicyError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    return refuse(`cannot be read: ${why}`, `Correct the path, or unset ${POLICY_VARIABLE}.`);
  }
}

const GROUP_OR_OTHERS = 0o022;
const STICKY = 0o1000;

/** By mode; the owner's own bit does not count for root, who may write everything. */
async function refuseWritable(real: string, refuse: (problem: string, fix: string) => never): Promise<void> {
  const [file, folder] = [await stat(real), await stat(dirname(real))];
  const uid = process.getuid?.() ?? 0;
  const ownBit = uid !== 0 && file.uid === uid ? 0o200 : 0;
  if (file.mode & (GROUP_OR_OTHERS | ownBit))
    refuse(
      `can be written by others than its owner, or by Paperclip itself (mode ${octal(file.mode)})`,
      `chmod a-w ${real}`,
    );
  if (folder.mode & GROUP_OR_OTHERS && !(folder.mode & STICKY))
    refuse(
      `lies in a folder that others than its owner can write to (mode ${octal(folder.mode)})`,
      `chmod go-w ${dirname(real)}`,
    );
}

const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, "0");
