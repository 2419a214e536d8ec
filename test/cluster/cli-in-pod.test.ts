/** `claude-k8s` inside Paperclip's pod: no kubeconfig, the pod's service account, Paperclip's own environment and home. */
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { stringify } from "yaml";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import type { DescribedRun } from "../../src/operate/run/describe-run.ts";
import { policyOf } from "../support/policy.ts";
import { TOKEN_SECRET } from "../support/run-token.ts";
import { answering } from "./support/agent-images.ts";
import { type Cli, useCli } from "./support/cli.ts";
import { openCliInPod } from "./support/cli-in-pod.ts";
import { jobManifestOf } from "./support/held-job.ts";
import { hasMountNamespaces } from "./support/mount-namespaces.ts";
import { takeRights } from "./support/rights.ts";
import { INIT, RESULT, startRun } from "./support/run.ts";
import { type TesterBench, useTesterBench } from "./support/tester-bench.ts";
import { onDevcluster } from "./support/use-place.ts";

let bench: TesterBench;
let cli: Cli;
useTesterBench((opened) => {
  bench = opened;
});
useCli((opened) => {
  cli = opened;
});

const INSTANCE = "paperclip-in-its-pod";
const STAYS = `trap 'echo saved; exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;

onDevcluster("claude-k8s in Paperclip's pod", () => {
  it.skipIf(!hasMountNamespaces())(
    "sees, explains, reads and stops runs, and tests the environment",
    async () => {
      const { place, images } = bench;
      const { admin, namespace, paperclip } = place;
      const pod = await openCliInPod(place, cli);
      const policy = join(cli.home, "..", "policy.yaml");
      await writeFile(policy, stringify({ instance: INSTANCE }));
      await chmod(policy, 0o444);
      const server = { ...pod.env, PAPERCLIP_AGENT_JWT_SECRET: TOKEN_SECRET };
      const env = { ...server, PAPERCLIP_K8S_POLICY: policy, PAPERCLIP_API_URL: paperclip.url };
      const run = (...args: string[]) => pod.run(args, env);
      // Another Paperclip's, of which this one says nothing.
      const stranger = jobManifestOf(place, { agentId: "agent-of-another", runId: "run-of-another" });
      await admin.create(jobs, namespace, stranger);
      const readPolicy = () => Promise.resolve(policyOf({ trust: "full", instance: INSTANCE }));
      const dependencies = { env: server, readPolicy };
      const [lives, ends] = [
        startRun(place, { agent: STAYS, dependencies }),
        startRun(place, {
          agent: `cat >/dev/null; ${INIT}; ${RESULT}`,
          wake: { taskId: "task-2" },
          dependencies: { env: { ...server, PAPERCLIP_K8S_PAGE: "text" }, readPolicy },
        }),
      ];
      await lives.said("ready");
      expect(await ends.result).toMatchObject({ exitCode: 0 });

      const listed = await run("ps", "--json");
      expect(listed, listed.stderr).toMatchObject({ exitCode: 0, stderr: "" });
      expect(JSON.parse(listed.stdout) as DescribedRun[]).toMatchObject([
        { run: lives.runId, phase: "running", namespace },
      ]);
      expect((await run("ps", "-A")).stdout).toContain(lives.runId.slice(0, 8));

      const soFar = await run("logs", "--stream-json", lives.runId);
      expect(soFar, soFar.stderr).toMatchObject({ exitCode: 0, stdout: lives.stdout() });
      // Its Job is gone: the transcript that Paperclip keeps is in this pod.
      const kept = await run("logs", "--stream-json", ends.runId);
      expect(kept, kept.stderr).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('"result":"all done"') });

      const why = await run("why", lives.runId);
      expect(why, why.stderr).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/^running +Its agent runs on/),
      });

      const stopped = await run("stop", lives.runId);
      expect(stopped, stopped.stderr).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/^code +cancelled$/m),
      });
      expect(await lives.result).toMatchObject({ errorCode: "cancelled", resultJson: { stopped: true } });
      expect(lives.stdout()).toContain("saved");

      const config = join(cli.home, "..", "agent.yaml");
      const image = await images.add({ claude: { sh: answering("hello") } });
      await writeFile(config, stringify({ image, env: { ANTHROPIC_API_KEY: "a-key" } }));
      const examined = await run("doctor", "--config", config);
      expect(examined, examined.stdout).toMatchObject({ exitCode: 0 });
      expect(examined.stdout).toMatch(/^ok +The API server answers/m);
      expect(examined.stdout).toMatch(/^ok +.*hello/im);
      // What agents take over from the pod in which this was asked.
      expect(examined.stdout).toMatch(/^ok +.*own pod \S+\/paperclip-0, container paperclip/m);
      expect(await bench.probesLeft()).toEqual([]);
      const planned = await run("manifest", "--config", config);
      expect(planned, planned.stderr).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("paperclip-home") });
      const left = await run("gc", "--json");
      expect(JSON.parse(left.stdout), left.stderr).toMatchObject({ over: [], kept: [] });

      const giveBack = await takeRights(place, "jobs", "list");
      const refused = await run("ps");
      expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
      expect(refused.stderr).toContain(`The right that is missing: list jobs.batch in namespace "${namespace}".`);
      await giveBack();
      await admin.delete(jobs, namespace, stranger.metadata?.name ?? "");
    },
    120_000,
  );
});
