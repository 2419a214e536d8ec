/**
 * What only an operator has, beside Paperclip's home and out of its reach: the kubeconfig, and the policy that names it
 * (PAPERCLIP_K8S_POLICY). The one place that says what agents of a stage may set.
 */
import { chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Json } from "../host/records.ts";
import type { User } from "../host/user.ts";

export interface Operator {
  /** Outside of Paperclip's home; others may enter it. */
  readonly folder: string;
  /** Variables of Paperclip's process. */
  readonly env: Readonly<Record<string, string>>;
  /** Keeps a kubeconfig that Paperclip may read and nobody else; resolves with its path. */
  keepKubeconfig(text: string): Promise<string>;
  /** Replaces the policy, rules or YAML; it holds from the next run on. */
  layDown(policy: Json | string): Promise<void>;
  remove(): Promise<void>;
}

export async function createOperator(user: User | null): Promise<Operator> {
  const folder = await mkdtemp(join(tmpdir(), "paperclip-operator-"));
  await chmod(folder, 0o755);
  const policy = join(folder, "policy.yaml");
  const keep = async (file: string, text: string, mode: number): Promise<void> => {
    await rm(file, { force: true });
    await writeFile(file, text, { mode });
    // Still its operator's: Paperclip reads it as one of its group.
    if (user) await chown(file, process.getuid?.() ?? 0, user.gid);
  };
  return {
    folder,
    env: { PAPERCLIP_K8S_POLICY: policy },
    async keepKubeconfig(text) {
      const file = join(folder, "kubeconfig");
      await keep(file, text, 0o440);
      return file;
    },
    layDown: (rules) => keep(policy, typeof rules === "string" ? rules : stringify(rules), 0o444),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
