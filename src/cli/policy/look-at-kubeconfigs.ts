/** Which programs a kubeconfig would start, where it can be read from here. */
import { parse } from "yaml";
import { readGuardedText } from "../../files/guarded-file.ts";
import type { KubeconfigSeen } from "../../policy/suggest/meaning.ts";

/** As many bytes as a run reads of one. */
const MAX_BYTES = 1024 * 1024;

export async function lookAtKubeconfig(path: string): Promise<KubeconfigSeen> {
  try {
    const users = listOf(recordOf(parse(await readGuardedText(path, { maxBytes: MAX_BYTES }))).users);
    return { kind: "seen", programs: [...new Set(users.flatMap(programsOf))] };
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === "ENOENT" ? "it is not there" : "it cannot be read as one";
    return { kind: "unseen", why };
  }
}

function programsOf(entry: unknown): string[] {
  const user = recordOf(recordOf(entry).user);
  const exec = recordOf(user.exec).command;
  const provider = recordOf(recordOf(user["auth-provider"]).config)["cmd-path"];
  return [exec, provider].filter((program) => typeof program === "string");
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
