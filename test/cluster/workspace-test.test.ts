/** What the environment test says of the workspace. */
import { describe, expect, it } from "vitest";
import { testEnvironment } from "../../src/doctor/test-environment.ts";
import { persistentVolumeClaims } from "../../src/kubernetes/resource-types.ts";
import type { PolicyFile } from "../../src/policy/schema.ts";
import { policyOf } from "../support/policy.ts";
import { furnishHostPod } from "./support/host-pod.ts";
import type { Place } from "./support/place.ts";
import { giveOptionalRights } from "./support/rights.ts";
import { onDevcluster, usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

async function examined(config: Record<string, unknown>, more: { env?: NodeJS.ProcessEnv; file?: PolicyFile } = {}) {
  const { kubeconfig, namespace, image } = place;
  const { checks } = await testEnvironment(
    { adapterType: "claude_k8s", config: { kubeconfig, namespace, image, ...config } },
    {
      env: { PAPERCLIP_K8S_HELLO_PROBE: "off", ...more.env },
      readPolicy: () => Promise.resolve(policyOf({ trust: "full", ...more.file })),
    },
  );
  return checks.filter(({ code }) => /^k8s_(workspace|home)_/.test(code));
}

describe("the workspace", () => {
  it("is a clone where pods do not see Paperclip's folders, and why", async () => {
    expect(await examined({})).toEqual([
      {
        code: "k8s_workspace_clone",
        level: "info",
        message: expect.stringMatching(
          /^Pods do not see Paperclip's folders: Paperclip does not run in a pod .*cloned/,
        ),
      },
    ]);
    expect(await examined({ workspace: "clone" })).toMatchObject([{ code: "k8s_workspace_clone", level: "info" }]);
    expect(await examined({ workspace: "empty" })).toMatchObject([{ code: "k8s_workspace_empty", level: "info" }]);
  });

  it("cannot be mounted there: a run with a project would be refused", async () => {
    expect(await examined({ workspace: "mounted" })).toMatchObject([
      { code: "k8s_workspace_unseen", level: "error", hint: expect.stringContaining("workspace: clone or claim") },
    ]);
  });

  it("on a claim needs rights, a class and the API server's consent; nothing is made", async () => {
    const claim = { workspace: "claim" };
    expect(await examined(claim)).toMatchObject([
      { code: "k8s_home_workspace", level: "info" },
      {
        code: "k8s_workspace_claim_rights",
        level: "error",
        message: expect.stringMatching(/create persistentvolumeclaims/),
        hint: expect.stringContaining("deploy/rbac.yaml"),
      },
    ]);
    const giveBack = await giveOptionalRights(place, "workspaceClaims");
    try {
      expect((await examined(claim)).at(-1)).toMatchObject({
        code: "k8s_workspace_claim",
        level: "info",
        message: expect.stringContaining("a claim of 10Gi"),
      });
    } finally {
      await giveBack();
    }
    const { items } = await place.admin.list(persistentVolumeClaims, place.namespace, {});
    expect(items.filter(({ metadata }) => metadata.name.endsWith("-workspace"))).toEqual([]);
  });
});

onDevcluster("the workspace beside Paperclip's own pod", () => {
  it("is Paperclip's folder", async () => {
    const env = await furnishHostPod(place);
    for (const workspace of ["auto", "mounted"])
      expect(await examined({ workspace }, { env, file: { home: "private" } })).toMatchObject([
        { code: "k8s_home_private" },
        { code: "k8s_workspace_mounted", level: "info" },
      ]);
    expect((await examined({}, { env, file: { home: "none" } })).at(-1)?.message).toContain(
      "the policy has home: none",
    );
  });
});
