import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startDevcluster } from "../devcluster/src/index.ts";
import { findClaudeCode } from "./claude-code.ts";
import type { Place } from "./place.ts";

/** Starts a devcluster whose one image has this checkout's Claude Code and the Node that runs the demo. */
export async function openDevcluster(): Promise<Place> {
  const claude = findClaudeCode();
  const image = `devcluster.local/claude-code:${claude.version}`;
  const devcluster = await startDevcluster({
    images: {
      [image]: {
        path: [claude.folder, dirname(process.execPath)],
        // Claude Code refuses to skip its permission questions as root unless it is told that it runs in a sandbox.
        env: { IS_SANDBOX: "1" },
      },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), "claude-k8s-demo-"));
  const kubeconfig = join(folder, "kubeconfig");
  // The token of the cluster's administrator is in it.
  await writeFile(kubeconfig, devcluster.kubeconfig, { mode: 0o600 });
  return {
    kubeconfig,
    context: null,
    namespace: "default",
    image,
    name: "the devcluster",
    remark: "embedded: pods are local processes",
    local: true,
    async stop() {
      await devcluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
