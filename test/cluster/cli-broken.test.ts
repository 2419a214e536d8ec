/** `claude-k8s` on a cluster that refuses, is away or is not named, and under half a policy. */
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import { variant } from "../support/variant.ts";
import { type Cli, useCli } from "./support/cli.ts";
import { freshId } from "./support/context.ts";
import { jobManifestOf } from "./support/held-job.ts";
import type { Place } from "./support/place.ts";
import { takeRights } from "./support/rights.ts";
import { INIT, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
let cli: Cli;
const undo: (() => Promise<unknown>)[] = [];
usePlace((opened) => {
  place = opened;
});
useCli((opened) => {
  cli = opened;
});
afterEach(async () => {
  for (const one of undo.splice(0)) await one();
});

const here = () => ({ KUBECONFIG: place.kubeconfig });
const STAYS = `trap 'exit 143' TERM; cat >/dev/null; ${INIT}; echo ready; while :; do sleep 0.1; done`;

describe("a cluster that refuses", () => {
  it("is named with the right that is missing, whatever is asked", async () => {
    undo.push(await takeRights(place, "jobs", "list"));
    const asked = [["ps"], ["logs", "run-1"], ["why", "run-1"], ["stop", "run-1"], ["gc"]];
    const right = `The right that is missing: list jobs.batch in namespace "${place.namespace}".`;
    for (const { exitCode, stdout, stderr } of await Promise.all(asked.map((args) => cli.run(args, { env: here() }))))
      expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 1, stdout: "", stderr: expect.stringContaining(right) });
  });

  variant("the pods alone: what can be said is said", async () => {
    const run = startRun(place, { agent: STAYS });
    await run.said("ready");
    const back = await takeRights(place, "pods", "list", "watch");
    const answer = await cli.run(["ps"], { env: here() });
    expect(answer).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(run.runId) });
    expect(answer.stderr).toMatch(/The pods cannot be seen.*cannot list resource "pods"/);
    const why = await cli.run(["why", run.runId], { env: here() });
    expect(why).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/The right that is missing: (list|watch) pods/),
    });
    await back();
    run.cancel();
    await run.result;
  });
});

describe("no cluster", () => {
  it("that answers", async () => {
    const kubeconfig = join(cli.home, "away.yaml");
    const entry = {
      clusters: [{ name: "c", cluster: { server: "http://127.0.0.1:1" } }],
      users: [{ name: "u", user: {} }],
    };
    const contexts = [{ name: "x", context: { cluster: "c", user: "u" } }];
    await writeFile(kubeconfig, stringify({ ...entry, contexts, "current-context": "x" }));
    const began = performance.now();
    const answer = await cli.run(["ps", "--kubeconfig", kubeconfig]);
    expect(answer).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringMatching(
        /^claude-k8s ps: list .* cannot be reached: .*ECONNREFUSED.* Check that the cluster runs/,
      ),
    });
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  it.each([
    [["ps"], {}, /No cluster is configured.*Name one with --kubeconfig FILE/],
    [["ps", "--kubeconfig", "/nowhere"], {}, /The kubeconfig \/nowhere does not exist/],
  ])("%j is named", async (args, env, words) => {
    expect(await cli.run(args, { env })).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(words) });
  });

  it("of that context: those that there are", async () => {
    const answer = await cli.run(["ps", "--context", "nope"], { env: here() });
    expect(answer).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/has no context "nope"\. Its contexts are: \S+/),
    });
  });
});

describe("half a policy", () => {
  const broken = async (): Promise<string> => {
    const file = join(cli.home, "..", `policy-${freshId()}.yaml`);
    await writeFile(file, "limits: {graceSec: {max: -1}}\n");
    await chmod(file, 0o444);
    return file;
  };

  it("is told, and one namespace is looked at all the same", async () => {
    const env = { ...here(), PAPERCLIP_K8S_POLICY: await broken() };
    const answer = await cli.run(["ps"], { env });
    expect(answer).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(/The policy is not looked at.*\n.*no Job of a run/),
    });
  });

  it("is no list of places", async () => {
    const env = { ...here(), PAPERCLIP_K8S_POLICY: await broken() };
    const answer = await cli.run(["ps", "-A"], { env });
    expect(answer).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringMatching(/line 1: limits\.graceSec\.max/),
    });
  });

  variant("that names places is looked through with -A", async () => {
    const apart = await place.apart();
    await apart.admin.create(jobs, apart.namespace, jobManifestOf(apart, { agentId: "agent-a", runId: "run-in-a" }));
    const file = join(cli.home, "..", `policy-${freshId()}.yaml`);
    const clusters = {
      default: { kubeconfig: place.kubeconfig, namespace: place.namespace },
      other: { kubeconfig: apart.kubeconfig, namespace: apart.namespace },
    };
    await writeFile(file, stringify({ clusters }));
    await chmod(file, 0o444);
    const found = await cli.json<{ run: string }[]>(["ps", "-A"], { env: { PAPERCLIP_K8S_POLICY: file } });
    expect(found.map(({ run }) => run)).toEqual(["run-in-a"]);
    expect(await cli.json(["ps"], { env: { PAPERCLIP_K8S_POLICY: file } })).toEqual([]);
  });
});

describe("several Paperclips in one namespace", () => {
  it("are told apart: which one is asked for", async () => {
    const { admin, namespace } = await place.apart();
    const both = ["0123456789abcdef", "fedcba9876543210"];
    for (const instance of both) {
      const job = jobManifestOf(
        { ...place, namespace },
        { agentId: "agent-a", runId: `run-${instance}`, signed: false },
      );
      await admin.create(jobs, namespace, {
        ...job,
        metadata: { ...job.metadata, labels: { ...job.metadata?.labels, "paperclip.io/instance": instance } },
      });
    }
    const env = { KUBECONFIG: place.adminKubeconfig };
    const several = await cli.run(["ps", "-n", namespace], { env });
    expect(several).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/Several Paperclips have Jobs there: .*--instance LABEL/),
    });
    const one = await cli.json<{ run: string }[]>(["ps", "-n", namespace, "--instance", both[0] ?? ""], { env });
    expect(one.map(({ run }) => run)).toEqual([`run-${both[0]}`]);
    const all = await cli.run(["ps", "-n", namespace, "--all-instances"], { env });
    expect(all.stdout).toMatch(/^PAPERCLIP/);
    expect(all.stdout.trim().split("\n")).toHaveLength(3);
    expect(await cli.run(["gc", "-n", namespace, "--all-instances"], { env })).toMatchObject({ exitCode: 2 });
  });
});
