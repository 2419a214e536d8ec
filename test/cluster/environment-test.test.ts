import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { testEnvironment } from "../../src/doctor/test-environment.ts";
import { localQueues } from "../../src/kubernetes/kueue-types.ts";
import { jobs, secrets } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { trustAgents } from "../support/policy.ts";
import type { Place } from "./support/place.ts";
import { giveOptionalRights, takeRights } from "./support/rights.ts";
import { usePlace } from "./support/use-place.ts";

/** Files that runs share stay for the next one. */
const OF_RUNS = { labelSelector: `${LABELS.component}!=bundle` };

let place: Place;
usePlace((opened) => {
  place = opened;
});

/** What is seen from outside; hello-probe.test.ts has the rest. */
const examine = (config: Record<string, unknown>, env: NodeJS.ProcessEnv = {}) =>
  testEnvironment(
    {
      adapterType: "claude_k8s",
      config: {
        kubeconfig: place.kubeconfig,
        namespace: place.namespace,
        image: place.image,
        env: { ANTHROPIC_API_KEY: "a-key" },
        ...config,
      },
    },
    { env: { PAPERCLIP_K8S_HELLO_PROBE: "off", ...env }, readPolicy: trustAgents },
  );

/** Resolves with the way to take it back. */
async function quota(hard: Record<string, string>): Promise<() => Promise<unknown>> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(place.adminKubeconfig);
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const { namespace } = place;
  await core.createNamespacedResourceQuota({ namespace, body: { metadata: { name: "team" }, spec: { hard } } });
  return () => core.deleteNamespacedResourceQuota({ namespace, name: "team" });
}

describe("the environment test", () => {
  it("finds all rights granted by the documented Role, and warns that no volume keeps sessions", async () => {
    const { status, checks } = await examine({});
    expect(status).toBe("warn");
    expect(checks.filter(({ level }) => level === "error")).toEqual([]);
    expect(checks.map(({ code }) => code)).toEqual(
      expect.arrayContaining([
        "k8s_api_reachable",
        "k8s_rbac",
        "k8s_image_configured",
        "k8s_pvc_not_detected",
        "k8s_dry_run",
      ]),
    );
  });

  it("says what becomes of lines that the log loses, with the optional right and without it, and warns of neither", async () => {
    const lostLines = async () => (await examine({})).checks.find(({ code }) => code === "k8s_lost_lines");
    expect(await lostLines()).toMatchObject({ level: "info", message: expect.stringContaining("named as missing") });
    const takeBack = await giveOptionalRights(place);
    expect(await lostLines()).toMatchObject({ level: "info", message: expect.stringContaining("from the living pod") });
    await takeBack();
  });

  it("case 63: names each missing right of another namespace, with verb, resource and fix", async () => {
    const { status, checks } = await examine({ namespace: "default" });
    expect(status).toBe("fail");
    const codes = checks.filter(({ level }) => level !== "info").map(({ code }) => code);
    expect(codes).toEqual(
      expect.arrayContaining([
        "k8s_rbac_jobs_list",
        "k8s_rbac_jobs_create",
        "k8s_rbac_secrets_create",
        "k8s_rbac_pods_log_get",
      ]),
    );
    expect(checks.find(({ code }) => code === "k8s_rbac_jobs_create")?.hint).toContain("deploy/rbac.yaml");
  });

  it("says that a queue needs Kueue, where there is none", async () => {
    if ((await place.admin.list(localQueues("v1beta2"), place.namespace, { retryForMs: 0 }).catch(() => null)) !== null)
      return;
    const { checks } = await examine({ queue: "team", kubeconfig: place.adminKubeconfig });
    expect(checks.find(({ code }) => code.startsWith("k8s_queue"))).toMatchObject({
      code: "k8s_queue_no_kueue",
      level: "error",
    });
  });

  it("does not warn of a claim that the documented Role may not look at", async () => {
    const { checks } = await examine({ homeClaim: "some-claim" });
    expect(checks.find(({ code }) => code.startsWith("k8s_pvc"))).toMatchObject({
      code: "k8s_pvc_unchecked",
      level: "info",
    });
  });

  it("knows whether pods are told an address of Paperclip that is their own", async () => {
    const { checks } = await examine({});
    expect(checks.find(({ code }) => code === "k8s_api_url_unreachable")?.hint).toContain("PAPERCLIP_K8S_API_URL");
    const told = await examine({}, { PAPERCLIP_K8S_API_URL: "http://paperclip.paperclip.svc:3100" });
    expect(told.checks.map(({ code }) => code)).toContain("k8s_api_url");
  });

  it("says that the hello probe is off, and runs nothing", async () => {
    const { checks } = await examine({});
    expect(checks.find(({ code }) => code === "claude_hello_probe_skipped")).toMatchObject({
      level: "info",
      message: expect.stringContaining("PAPERCLIP_K8S_HELLO_PROBE is off"),
    });
    expect((await place.admin.list(jobs, place.namespace, OF_RUNS)).items).toEqual([]);
    expect((await place.admin.list(secrets, place.namespace, OF_RUNS)).items).toEqual([]);
  });

  it.each([
    ["count/jobs.batch", "k8s_dry_run_job_refused"],
    ["count/secrets", "k8s_dry_run_secret_refused"],
  ])("is refused by the quota %s without anything being created, and then starts no probe", async (resource, code) => {
    const giveBack = await quota({ [resource]: "0" });
    const { status, checks } = await examine({}, { PAPERCLIP_K8S_HELLO_PROBE: "on" });
    await giveBack();
    expect(status).toBe("fail");
    expect(checks.find((check) => check.code === code)).toMatchObject({
      level: "error",
      message: expect.stringContaining("exceeded quota: team"),
      hint: expect.stringContaining("quota"),
    });
    expect(checks.map((check) => check.code)).toContain("claude_hello_probe_skipped");
    expect((await place.admin.list(jobs, place.namespace, OF_RUNS)).items).toEqual([]);
  });

  it("shows settings that have no effect, and labels that are not taken", async () => {
    const { checks } = await examine({ secretRef: "old", labels: "app.kubernetes.io/name=mine" });
    const notes = checks.filter(({ code }) => code === "k8s_config_note" || code === "k8s_config_no_effect");
    expect(notes.map(({ code, level, message }) => [code, level, message])).toEqual([
      ["k8s_config_no_effect", "info", expect.stringContaining("secretRef")],
      ["k8s_config_note", "warn", expect.stringContaining("app.kubernetes.io/name")],
    ]);
  });

  it("names the right that is missing to see Paperclip's own pod, and never takes that for an absence", async () => {
    const giveBack = await takeRights(place, "pods", "get");
    const env = { HOSTNAME: "paperclip-0", PAPERCLIP_NAMESPACE: place.namespace };
    const { checks } = await examine({ image: null }, env);
    await giveBack();
    const of = (code: string) => checks.find((check) => check.code === code);
    for (const code of ["k8s_host_pod_unseen", "k8s_image_missing", "k8s_pvc_not_detected"])
      expect(of(code)?.hint, code).toContain('Grant the verb "get" on pods');
    expect(of("k8s_image_missing")?.message).not.toContain("does not run in a pod");
  });

  it("says that there is no such pod where it may look", async () => {
    const env = { HOSTNAME: "paperclip-0", PAPERCLIP_NAMESPACE: place.namespace };
    const { checks } = await examine({ image: null }, env);
    expect(checks.find(({ code }) => code === "k8s_image_missing")?.message).toContain("there is no pod paperclip-0");
  });

  it("warns of settings that have no effect, and fails for none", async () => {
    const { status, checks } = await examine({ imagee: "x", networkScope: "deny", engine: "acp", "access.KEY": {} });
    expect(status).not.toBe("fail");
    const about = checks.filter(({ code }) => code === "k8s_config_unknown_key" || code === "k8s_config_no_effect");
    expect(about.map(({ code, level, message, hint }) => [code, level, `${message} ${hint}`])).toEqual([
      ["k8s_config_no_effect", "warn", expect.stringMatching(/^networkScope has no effect .*NetworkPolicy/)],
      ["k8s_config_no_effect", "info", expect.stringMatching(/^engine has no effect here/)],
      ["k8s_config_unknown_key", "warn", expect.stringMatching(/^imagee is not a setting .* Did you mean image\?$/)],
    ]);
  });

  it.each([
    ["a wrong setting", { retainJobs: "x" }, "k8s_config_invalid", /Keep Job/],
    ["a missing kubeconfig", { kubeconfig: "/nowhere" }, "k8s_kubeconfig_invalid", /./],
    ["no image", { image: null }, "k8s_image_missing", /Set "Image"/],
  ])("says what to do about %s", async (_, config, code, fix) => {
    const { status, checks } = await examine(config);
    expect(status).toBe("fail");
    expect(checks.find((check) => check.code === code)?.hint).toMatch(fix);
  });
});
