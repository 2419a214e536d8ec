import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Devcluster } from "../../src/index.ts";

const PROGRAM = process.env.KUBECTL ?? "kubectl";

export const kubectlVersion = ((): string | undefined => {
  try {
    const { clientVersion } = JSON.parse(execFileSync(PROGRAM, ["version", "--client", "-o", "json"]).toString());
    return clientVersion.gitVersion;
  } catch {
    console.warn(
      `\n*** SKIPPED: no ${PROGRAM} on this machine, so nothing here proves that kubectl understands us ***\n`,
    );
    return undefined;
  }
})();

export interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The real kubectl against the cluster, with a home of its own for its caches. */
export async function kubectlFor(cluster: Devcluster, kubeconfig = cluster.kubeconfig) {
  const home = await mkdtemp(join(tmpdir(), "kubectl-"));
  const config = join(home, "config");
  await writeFile(config, kubeconfig);
  const env = { PATH: process.env.PATH ?? "", HOME: home, KUBECONFIG: config };
  return {
    /** Runs it to its end; a code other than 0 is a result, not an error. */
    async try(args: readonly string[], input = ""): Promise<Result> {
      const running = promisify(execFile)(PROGRAM, [...args], { env });
      running.child.stdin?.end(input);
      try {
        const { stdout, stderr } = await running;
        return { code: 0, out: stdout, err: stderr };
      } catch (error) {
        const {
          code = 1,
          stdout = "",
          stderr = String(error),
        } = error as { code?: number; stdout?: string; stderr?: string };
        return { code, out: stdout, err: stderr };
      }
    },
    /** Runs it and expects it to succeed: its output. */
    async run(args: readonly string[], input = ""): Promise<string> {
      const { code, out, err } = await this.try(args, input);
      if (code !== 0) throw new Error(`kubectl ${args.join(" ")} ended with ${code}: ${err}`);
      return out;
    },
    /** Starts it; the lines it prints come one by one. Ends it when `enough` says so. */
    async until(args: readonly string[], enough: (output: string) => boolean): Promise<string> {
      const child = spawn(PROGRAM, [...args], { env, stdio: ["ignore", "pipe", "inherit"] });
      let output = "";
      for await (const chunk of child.stdout) {
        output += chunk;
        if (enough(output)) break;
      }
      child.kill();
      return output;
    },
    async close(): Promise<void> {
      await rm(home, { recursive: true, force: true });
    },
  };
}

export type Kubectl = Awaited<ReturnType<typeof kubectlFor>>;
