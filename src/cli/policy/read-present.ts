/** The policy that a command is about: of a file that was named, or the one in force. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { readGuardedText } from "../../files/guarded-file.ts";
import { withDefaults } from "../../policy/defaults.ts";
import { type ParsedPolicy, PolicyError, parsePolicy } from "../../policy/parse-policy.ts";
import {
  MAX_POLICY_BYTES,
  ownKubeconfigsOf,
  POLICY_VARIABLE,
  readPolicyFile,
  requireKubeconfigsElsewhere,
} from "../../policy/read-policy.ts";
import type { Policy } from "../../policy/rules.ts";

export interface PresentPolicy {
  readonly policy: Policy;
  /** Null: there is no file. */
  readonly parsed: ParsedPolicy | null;
  /** One sentence on which policy it is. */
  readonly sentence: string;
}

/**
 * A file that is named is checked for what it says, `-` is stdin; the one in force also for where it lies and who may write it.
 * Rejects with PolicyError.
 */
export async function readPresentPolicy(file: string | undefined, env: NodeJS.ProcessEnv): Promise<PresentPolicy> {
  if (file !== undefined) {
    const parsed = await readNamed(file, env);
    return { policy: parsed.policy, parsed, sentence: `The policy that ${file === "-" ? "stdin" : file} would be.` };
  }
  const parsed = await readPolicyFile(env);
  if (parsed) {
    const sentence = `The policy in force: ${parsed.policy.path} (${POLICY_VARIABLE}).`;
    return { policy: parsed.policy, parsed, sentence };
  }
  const sentence = `There is no policy file: ${POLICY_VARIABLE} is not set here, and these defaults hold.`;
  return { policy: withDefaults({}, null, ownKubeconfigsOf(env)), parsed: null, sentence };
}

async function readNamed(file: string, env: NodeJS.ProcessEnv): Promise<ParsedPolicy> {
  const named = `The policy ${file === "-" ? "on stdin" : file}`;
  const path = file === "-" ? null : resolve(file);
  const parsed = parsePolicy(await contentOf(path, named), { path, named, ownKubeconfigs: ownKubeconfigsOf(env) });
  await requireKubeconfigsElsewhere(parsed, named, env);
  return parsed;
}

async function contentOf(path: string | null, named: string): Promise<string> {
  try {
    if (path === null) return await text(process.stdin);
    // A process substitution is a pipe; this file is the operator's own word, not an agent's.
    if (path.startsWith("/dev/fd/") || path.startsWith("/proc/")) return await readFile(path, "utf8");
    return await readGuardedText(path, { maxBytes: MAX_POLICY_BYTES });
  } catch (error) {
    const problem = `cannot be read: ${(error as Error).message}`;
    throw new PolicyError(named, [{ problem, fix: "Correct the path." }]);
  }
}
