/** deploy/kustomize/admission in namespaces that do not say all that it needs to know, and in Paperclip's own. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Annotations, baseAnnotations, type Policy, refusals, setting } from "./support/admission.ts";
import { manifestOf } from "./support/kustomize.ts";
import { defaultPlan as plan } from "./support/planned-jobs.ts";
import { readDeploy } from "./support/read-deploy.ts";

const PAPERCLIP = "system:serviceaccount:paperclip:paperclip";

let jobs: Policy;
let secrets: Policy;
let annotations: Annotations;
beforeAll(async () => {
  jobs = await manifestOf<Policy>("admission/jobs.yaml", "ValidatingAdmissionPolicy");
  secrets = await manifestOf<Policy>("admission/secrets.yaml", "ValidatingAdmissionPolicy");
  annotations = await baseAnnotations();
});

describe("the policy on Jobs", () => {
  it.each(["service-accounts", "images", "claims", "whole-claims", "egress"])(
    "refuses Paperclip's Jobs where the namespace says no %s, and those of nobody else",
    (name) => {
      const { [setting(name)]: given, ...rest } = annotations;
      expect(given).toBeDefined();
      const [said] = refusals(jobs, { user: PAPERCLIP, object: plan.job, annotations: rest });
      expect(said).toMatch(new RegExp(`^The namespace needs the annotations .*/${name}\\b`));
      expect(refusals(jobs, { user: "somebody", object: plan.job, annotations: rest })).toEqual([]);
    },
  );

  it.each(["somebody", PAPERCLIP])(
    "refuses the Jobs of %s where the namespace does not say who Paperclip is",
    (user) => {
      const { [setting("user")]: _, ...rest } = annotations;
      for (const given of [rest, { ...rest, [setting("user")]: "" }, {}])
        expect(refusals(jobs, { user, object: plan.job, annotations: given })[0]).toContain(
          "The namespace needs the annotations admission.paperclip.io/user",
        );
      const [said] = refusals(jobs, { user, object: plan.job });
      expect(said).toContain("nobody creates Jobs in it");
      expect(jobs.spec.failurePolicy).toBe("Fail");
    },
  );
});

describe("the policy on Secrets", () => {
  it.each(["somebody", PAPERCLIP])("refuses those of %s where the namespace does not say who Paperclip is", (user) => {
    for (const given of [{}, { [setting("user")]: "" }])
      expect(refusals(secrets, { user, object: plan.secret, annotations: given })).toContain(
        "The namespace needs the annotation admission.paperclip.io/user, which names Paperclip. Without it nobody creates Secrets in it.",
      );
    expect(secrets.spec.failurePolicy).toBe("Fail");
  });
});

describe("Paperclip's own namespace", () => {
  it("gets by a patch what the namespace for agents is made with", async () => {
    const [patch] = readDeploy("kustomize/overlays/paperclip-namespace/namespace.yaml");
    expect(patch?.metadata.annotations).toEqual(annotations);
    const { metadata: base } = await manifestOf("base/namespace.yaml", "Namespace");
    expect(base.labels).toMatchObject(patch?.metadata.labels ?? {});
  });
});
