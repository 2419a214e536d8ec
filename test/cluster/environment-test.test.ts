import { describe, expect, it } from "vitest";
import { testEnvironment } from "../../src/doctor/test-environment.ts";
import type { Place } from "./support/place.ts";
import { giveOptionalRights } from "./support/rights.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

const examine = (config: Record<string, unknown>, env: NodeJS.ProcessEnv = {}) =>
  testEnvironment(
    {
      adapterType: "claude_k8s",
      config: { kubeconfig: place.kubeconfig, namespace: place.namespace, image: place.image, ...config },
    },
    { env },
  );

describe("the environment test", () => {
  it("finds all rights granted by the documented Role, and warns that no volume keeps sessions", async () => {
    const { status, checks } = await examine({});
    expect(status).toBe("warn");
    expect(checks.filter(({ level }) => level === "error")).toEqual([]);
    expect(checks.map(({ code }) => code)).toEqual(
      expect.arrayContaining(["k8s_api_reachable", "k8s_rbac", "k8s_image_configured", "k8s_pvc_not_detected"]),
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
