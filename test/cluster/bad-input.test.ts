import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { ClusterRegistry } from "../../src/kubernetes/cluster-registry.ts";
import { objectsOf } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

const AGENT = `cat >/dev/null; ${INIT}; ${RESULT}`;

describe("bad input gets an error that names the field and the fix", () => {
  it.each([
    ["a wrong type", { retainJobs: "no" }, "k8s_config_invalid", /retainJobs is not true or false/],
    ["a negative number", { timeoutSec: -1 }, "k8s_config_invalid", /timeoutSec is below 0/],
    ["a missing kubeconfig", { kubeconfig: "/nowhere/at/all" }, "k8s_kubeconfig_invalid", /\/nowhere\/at\/all/],
    ["a folder as kubeconfig", { kubeconfig: tmpdir() }, "k8s_kubeconfig_invalid", /kubeconfig/i],
    ["an unknown context", { kubeContext: "nope" }, "k8s_kubeconfig_invalid", /nope/],
    ["a namespace that can be none", { namespace: "Not A Name" }, "k8s_config_invalid", /namespace/],
  ])("%s", async (_, config, code, message) => {
    const run = startRun(place, { agent: AGENT, config });
    const result = await run.result;
    expect(result).toMatchObject({ exitCode: null, errorCode: code });
    expect(result.errorMessage).toMatch(message);
    expect(result.errorMessage).toContain("What to do:");
    expect(await objectsOf(place, run)).toEqual([]);
  });

  it("an agent id with no usable character", async () => {
    const agent = { id: "日本", companyId: "c", name: "n", adapterType: "claude_k8s", adapterConfig: {} };
    const run = startRun(place, { agent: AGENT, context: { agent } });
    expect(await run.result).toMatchObject({ errorCode: "k8s_agent_id_invalid" });
  });

  it("a kubeconfig that is none", async () => {
    const path = join(tmpdir(), `not-a-kubeconfig-${process.pid}`);
    await writeFile(path, "{{{{ not yaml");
    const run = startRun(place, { agent: AGENT, config: { kubeconfig: path } });
    const result = await run.result;
    await rm(path);
    expect(result.errorCode).toBe("k8s_kubeconfig_invalid");
    expect(result.errorMessage).toContain(path);
  });

  it("a cluster that cannot be reached", async () => {
    const config = parse(await readFile(place.kubeconfig, "utf8"));
    config.clusters[0].cluster.server = "https://127.0.0.1:1";
    const path = join(tmpdir(), `unreachable-${process.pid}`);
    await writeFile(path, stringify(config));
    // By default the client tries for a minute: an API server that restarts needs some seconds.
    const clusters = new ClusterRegistry({ retryForMs: 500 });
    const run = startRun(place, { agent: AGENT, config: { kubeconfig: path }, dependencies: { clusters } });
    const result = await run.result;
    await rm(path);
    expect(result.errorMessage).toMatch(/cannot be reached/);
    expect(result.errorMessage).toMatch(/What to do: Check that the cluster runs/);
  });

  it("a namespace that is not there, and rights that are missing: verb and resource are named", async () => {
    const run = startRun(place, { agent: AGENT, config: { namespace: "kube-public" } });
    const result = await run.result;
    expect(result.errorCode).toBe("k8s_concurrency_guard_unreachable");
    expect(result.errorMessage).toMatch(/list jobs/);
    expect(result.errorMessage).toMatch(/What to do: Grant the verb "list" on jobs in namespace kube-public/);
    const missing = startRun(place, {
      agent: AGENT,
      config: { namespace: "no-such-namespace", kubeconfig: place.adminKubeconfig },
    });
    const refused = await missing.result;
    expect(refused.errorCode).toBe("k8s_job_create_failed");
    expect(refused.errorMessage).toMatch(/namespaces? "no-such-namespace" not found/);
    expect(refused.errorMessage).toMatch(/Create the namespace/);
  });

  it("a request above its limit", async () => {
    const config = { "resources.requests.memory": "2Gi", "resources.limits.memory": "1Gi" };
    const run = startRun(place, { agent: AGENT, config });
    const result = await run.result;
    expect(result.errorCode).toBe("k8s_config_invalid");
    expect(result.errorMessage).toMatch(/resources\.requests\.memory is 2Gi, more than resources\.limits\.memory/);
    expect(await objectsOf(place, run)).toEqual([]);
  });
});
