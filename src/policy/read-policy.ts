/** Reads the operator's file, each time anew: a run starts seldom, and a change is to hold for the next one. */
import { realpath, stat } from "node:fs/promises";
import { delimiter, dirname, isAbsolute } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { ConfigError } from "../config/config-error.ts";
import { readGuardedText } from "../files/guarded-file.ts";
import { paperclipHome } from "../paperclip/kept-files.ts";
import { isBelow } from "../paperclip/paths.ts";
import { withDefaults } from "./defaults.ts";
import { describeIssues } from "./file-problems.ts";
import type { Policy } from "./rules.ts";
import { policySchema } from "./schema.ts";
import { requireUsable } from "./usable.ts";

/** Names the operator's file. */
export const POLICY_VARIABLE = "PAPERCLIP_K8S_POLICY";

const MAX_BYTES = 256 * 1024;

/** The policy cannot be used; nothing starts under half of one. Its problems are named with their lines. */
export class PolicyError extends ConfigError {
  constructor(path: string, problems: readonly { readonly problem: string; readonly fix: string }[]) {
    const field = `The policy ${path} (${POLICY_VARIABLE})`;
    super(
      problems.map((one) => ({ field, ...one })),
      "k8s_policy_invalid",
    );
  }
}

/** Without a file the defaults. Throws PolicyError. */
export async function readPolicy(env: NodeJS.ProcessEnv): Promise<Policy> {
  const path = env[POLICY_VARIABLE]?.trim();
  const own = (env.KUBECONFIG ?? "").split(delimiter).filter(isAbsolute);
  if (!path) return withDefaults({}, null, own);
  const text = await readTrusted(path, env);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true });
  const [broken] = document.errors;
  if (broken) {
    const problem = `is no YAML: ${broken.message.split("\n")[0]}`;
    throw new PolicyError(path, [{ problem, fix: "Correct it; `claude-k8s policy` checks it." }]);
  }
  const parsed = policySchema.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {});
  if (!parsed.success) throw new PolicyError(path, describeIssues(parsed.error.issues, document, lines));
  const policy = withDefaults(parsed.data, path, own);
  const problems = requireUsable(policy);
  if (problems.length > 0) throw new PolicyError(path, problems);
  return policy;
}

/** Only what the operator alone can have written: an agent's pod may write in Paperclip's home. */
async function readTrusted(path: string, env: NodeJS.ProcessEnv): Promise<string> {
  const refuse = (problem: string, fix: string): never => {
    throw new PolicyError(path, [{ problem, fix }]);
  };
  if (!isAbsolute(path)) refuse("is not named by an absolute path", `Set ${POLICY_VARIABLE} to one.`);
  try {
    const real = await realpath(path);
    const home = await realpath(paperclipHome(env)).catch(() => paperclipHome(env));
    if (isBelow(real, home) || isBelow(path, home))
      refuse(
        `lies in Paperclip's home (${home}), where agents may write`,
        "Mount it elsewhere, such as /etc/paperclip-k8s.",
      );
    await refuseWritable(real, refuse);
    return await readGuardedText(real, { maxBytes: MAX_BYTES, links: false });
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
