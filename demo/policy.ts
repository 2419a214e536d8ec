/** What the demo's operator lets its agent do: work in the demo's cluster. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { POLICY_VARIABLE } from "../src/policy/read-policy.ts";
import type { Place } from "./place.ts";

/** Writes the policy's file and names it, unless the user has one. Its disposal takes both back. */
export async function layDownPolicy({ kubeconfig, context, namespace }: Place): Promise<AsyncDisposable> {
  if (process.env[POLICY_VARIABLE]) return { [Symbol.asyncDispose]: async () => {} };
  const folder = await mkdtemp(join(tmpdir(), "claude-k8s-policy-"));
  const file = join(folder, "policy.yaml");
  const cluster = { kubeconfig, ...(context ? { context } : {}), ...(namespace ? { namespace } : {}) };
  // Paperclip itself may not be able to write it.
  await writeFile(file, stringify({ clusters: { default: cluster } }), { mode: 0o444 });
  process.env[POLICY_VARIABLE] = file;
  return {
    [Symbol.asyncDispose]: async () => {
      delete process.env[POLICY_VARIABLE];
      await rm(folder, { recursive: true, force: true });
    },
  };
}
