/** deploy/kustomize/admission: what it lets Paperclip's account create, and what it refuses, by evaluating its expressions. */
import { parse } from "@bufbuild/cel";
import { beforeAll, describe, expect, it } from "vitest";
import { bundleHolder, bundleSecret } from "../../src/run/plan/bundles/bundle.ts";
import { tokenSecret } from "../../src/run/plan/token.ts";
import { type Annotations, baseAnnotations, type Policy, refusals, setting } from "./support/admission.ts";
import { BAD, changed, mount, security } from "./support/bad-jobs.ts";
import { copiedCli, privateHome, recorder, type Shape } from "./support/good-jobs.ts";
import { type Manifest, manifestOf } from "./support/kustomize.ts";
import { defaultPlan as plan, plans } from "./support/planned-jobs.ts";

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
  const verdict = (
    object: object,
    more: { user?: string; oldObject?: object; settings?: Annotations } = {},
  ): string[] => {
    const { user = PAPERCLIP, oldObject, settings = {} } = more;
    const changes = Object.entries(settings).map(([name, value]) => [setting(name), value]);
    const set = { ...annotations, ...Object.fromEntries(changes) };
    return refusals(jobs, { user, object, annotations: set, ...(oldObject ? { oldObject } : {}) });
  };

  it.each(plans)("admits %s", (_, { job }) => {
    expect(verdict(job)).toEqual([]);
  });

  it.each([
    ["a recorder beside the agent", (shape: Shape) => recorder(shape)],
    ["Claude Code from a second image", (shape: Shape) => copiedCli(shape)],
    ["a private home", privateHome],
    [
      "both, and the label of its Paperclip",
      (shape: Shape) => {
        privateHome(shape);
        recorder(shape);
        for (const meta of [shape.job.metadata, shape.job.spec?.template.metadata])
          Object.assign(meta?.labels ?? {}, { "paperclip.io/instance": "paperclip-1" });
      },
    ],
  ])("admits %s", (_, change) => {
    expect(verdict(changed(change), { settings: { "whole-claims": "claude-.*", egress: "|model-only" } })).toEqual([]);
  });

  it.each(BAD)("refuses %s, and says why", (_, message, change) => {
    const said = verdict(changed(change));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(message);
    // What is refused is the change, and not an error of the expression.
    expect(said[0]).toMatch(/[.)]$/);
    expect(said[0]).not.toMatch(/no such|not found|overload/);
  });

  it("refuses a Job without labels", () => {
    const [said, ...rest] = verdict(changed(({ job }) => delete job.metadata?.labels));
    expect(said).toMatch(/^The Job needs the labels .*[a-z]\.$/);
    expect(rest).toEqual([]);
  });

  it.each([
    [
      "claims",
      { claims: "claude-.*" },
      ({ pod }: Shape) => mount(pod, { persistentVolumeClaim: { claimName: "postgres" } }),
    ],
    [
      "images",
      { images: "registry\\.example/.*" },
      ({ container }: Shape) => {
        container.image = "evil.example/registry.example/x";
      },
    ],
    [
      "whole claims",
      { "whole-claims": "claude-.*" },
      ({ pod, container }: Shape) => {
        mount(pod, { persistentVolumeClaim: { claimName: "paperclip-home" } });
        container.volumeMounts?.push({ name: "more", mountPath: "/more" });
      },
    ],
    [
      "the root of a claim as its part",
      { "whole-claims": "claude-.*" },
      ({ pod, container }: Shape) => {
        mount(pod, { persistentVolumeClaim: { claimName: "paperclip-home" } });
        container.volumeMounts?.push({ name: "more", mountPath: "/more", subPath: "." });
      },
    ],
    [
      "egress profiles",
      { egress: "|model-only" },
      ({ job }: Shape) => Object.assign(job.spec?.template.metadata?.labels ?? {}, { "paperclip.io/egress": "open" }),
    ],
    ["the lack of an egress profile", { egress: "model-only" }, () => undefined],
  ])("holds %s to the pattern of the namespace's settings", (_, pattern, change) => {
    expect(verdict(changed(change))).toEqual([]);
    const [said, ...rest] = verdict(
      changed((shape) => {
        shape.container.image = "registry.example/agent:1";
        change(shape);
      }),
      { settings: pattern },
    );
    expect(said).toContain(Object.values(pattern)[0]);
    expect(said).toContain(`(annotation ${setting(Object.keys(pattern)[0] ?? "")} of the namespace`);
    expect(rest).toEqual([]);
  });

  const holder = bundleHolder(`ac-bundle-${"0a".repeat(20)}`, plan, 7200);

  it("admits the Job that holds a Secret which runs share, as long as it has no pod", () => {
    expect(verdict(holder)).toEqual([]);
    const withPods = { ...holder, spec: { ...holder.spec, parallelism: 1 } };
    expect(verdict(withPods)).not.toEqual([]);
    expect(verdict(withPods, { oldObject: holder })).not.toEqual([]);
    expect(verdict({ ...holder, spec: { ...holder.spec, completions: 1 } })).not.toEqual([]);
  });

  it("has a bad Job for each of its rules", () => {
    const seen = new Set(BAD.flatMap(([, , change]) => verdict(changed(change))));
    const settingsToo = jobs.spec.validations.filter(({ messageExpression }) => messageExpression).length;
    // The first is about the namespace.
    expect(seen.size).toBe(jobs.spec.validations.length - 1 - settingsToo + 1);
  });

  it("concerns nobody but Paperclip", () => {
    const privileged = changed(({ container }) => {
      security(container).privileged = true;
    });
    expect(verdict(privileged, { user: "system:serviceaccount:kube-system:job-controller" })).toEqual([]);
  });

  it("lets a Job that was there before be stopped, adopted and removed, and no pod of another shape be made of it", () => {
    const oldObject = changed(({ pod }) => {
      pod.hostNetwork = true;
    });
    const stopped = structuredClone(oldObject);
    Object.assign(stopped.spec ?? {}, { suspend: true });
    stopped.metadata = { ...stopped.metadata, annotations: { "paperclip.io/stopped": "now" } };
    expect(verdict(stopped, { oldObject })).toEqual([]);
    const good = structuredClone(plan.job);
    expect(
      verdict(
        changed(({ job }) => Object.assign(job.spec ?? {}, { parallelism: 9 })),
        { oldObject: good },
      ),
    ).toHaveLength(1);
    expect(verdict(oldObject, { oldObject: good })).toHaveLength(1);
  });
});

describe("the policy on Secrets", () => {
  const verdict = (object: object, user = PAPERCLIP): string[] => refusals(secrets, { user, object, annotations });

  it.each(plans)("admits that of %s, and of those who take it over", (_, { job, secret }) => {
    expect(verdict(secret)).toEqual([]);
    expect(verdict(tokenSecret(job, 1, { id: "run-2", token: "t" }))).toEqual([]);
  });

  it("refuses one that the cluster turns into a service account's token", () => {
    const type = "kubernetes.io/service-account-token";
    const shared = { name: `ac-bundle-${"0a".repeat(20)}`, data: { a: "b" }, items: [] };
    expect(verdict(bundleSecret(shared, plan))).toEqual([]);
    expect(verdict({ ...plan.secret, type })).toEqual(["The Secret must be of type Opaque."]);
  });

  it("refuses one without the adapter's labels", () => {
    expect(verdict({ ...plan.secret, metadata: { name: "x" } })).toHaveLength(1);
    expect(verdict({ ...plan.secret, metadata: { name: "x" } }, "somebody")).toEqual([]);
  });
});

describe("each policy", () => {
  it("has expressions that parse, one line for each message, and answers as a policy does", async () => {
    for (const { spec } of [jobs, secrets]) {
      for (const { expression } of [...(spec.matchConditions ?? []), ...(spec.variables ?? [])]) parse(expression);
      for (const { expression, message, messageExpression, reason } of spec.validations) {
        parse(expression);
        if (messageExpression) parse(messageExpression);
        expect(message).not.toContain("\n");
        // 403, which the adapter takes for a policy's; the default is 422, a mistake in the object.
        expect(reason).toBe("Forbidden");
      }
    }
  });

  it("is bound in the namespaces with the label that deploy/kustomize/base sets, and takes no parameters: an API server may cease to watch them", async () => {
    interface Binding extends Manifest {
      readonly spec: {
        readonly policyName: string;
        readonly validationActions: string[];
        readonly matchResources: { readonly namespaceSelector: { readonly matchLabels: Record<string, string> } };
      };
    }
    const namespace = await manifestOf("base/namespace.yaml", "Namespace");
    for (const [file, policy] of [
      ["admission/jobs.yaml", jobs],
      ["admission/secrets.yaml", secrets],
    ] as const) {
      const { spec } = await manifestOf<Binding>(file, "ValidatingAdmissionPolicyBinding");
      expect(spec.policyName).toBe(policy.metadata.name);
      expect(spec.validationActions).toEqual(["Deny"]);
      expect(spec).not.toHaveProperty("paramRef");
      expect(policy.spec).not.toHaveProperty("paramKind");
      expect(namespace.metadata.labels).toMatchObject(spec.matchResources.namespaceSelector.matchLabels);
    }
  });
});
