/** deploy/chart: the walls that Helm makes are those of deploy/kustomize, with the values in them. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Policy, refusals, setting } from "./support/admission.ts";
import { changed } from "./support/bad-jobs.ts";
import { type Helm, hasHelm, helmFor, template } from "./support/helm.ts";
import { type Manifest, manifestOf, manifestsIn } from "./support/kustomize.ts";
import { readDeploy } from "./support/read-deploy.ts";

interface Any extends Manifest {
  readonly spec: Record<string, unknown>;
}

/** A policy but for its values: the chart's has them in itself, the kustomization's takes them from the namespace. */
function withoutSettings(policy: Any | undefined): unknown {
  const text = JSON.stringify(policy?.spec, (_, value) => (value?.name === "settings" ? { name: value.name } : value));
  return JSON.parse(
    text.replaceAll(/annotation admission\.paperclip\.io\/([a-z-]+) of the namespace/g, (_, name: string) => {
      const value = name.replaceAll(/-(.)/g, (__, letter: string) => letter.toUpperCase());
      return `admission.${value} of the chart`;
    }),
  );
}

describe.skipIf(!hasHelm)("the chart", () => {
  let helm: Helm;
  let folder: string;
  beforeAll(async () => {
    helm = await helmFor();
    folder = await mkdtemp(join(tmpdir(), "values-"));
  });
  afterAll(async () => {
    await helm.close();
    await rm(folder, { recursive: true });
  });
  const of = (yaml: string, kind: string): Any[] => manifestsIn<Any>(yaml, kind);

  it("raises the walls of the kustomizations", async () => {
    const yaml = await template(helm);
    const network = readDeploy("kustomize/base/network.yaml").map(({ metadata, spec }) => [metadata.name, spec]);
    expect(of(yaml, "NetworkPolicy").map(({ metadata, spec }) => [metadata.name, spec])).toEqual(network);
    for (const file of ["jobs", "secrets"]) {
      const kind = "ValidatingAdmissionPolicy";
      const policy = await manifestOf<Any>(`admission/${file}.yaml`, kind);
      const made = of(yaml, kind).find(({ metadata }) => metadata.name === `${policy.metadata.name}-claude-agents`);
      expect(withoutSettings(made)).toEqual(withoutSettings(policy));
      expect(JSON.stringify(made)).not.toContain("namespaceObject");
      const binding = of(yaml, `${kind}Binding`).find(({ metadata }) => metadata.name === made?.metadata.name);
      expect(binding?.spec).toMatchObject({
        policyName: made?.metadata.name,
        validationActions: ["Deny"],
        matchResources: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "claude-agents" } } },
      });
    }
    const [namespace] = of(yaml, "Namespace");
    const base = await manifestOf("base/namespace.yaml", "Namespace");
    expect(namespace?.metadata.labels).toMatchObject(base.metadata.labels ?? {});
    expect(namespace?.metadata.annotations).toMatchObject(base.metadata.annotations ?? {});
  });

  it.each([
    [
      "quotes, backslashes and what a template would read",
      String.raw`r\.example/(?:"a'|b\\c|{{x}}|\$\d+|<&>|é😀)`,
      "r.example/$12",
    ],
    ["a quote at its end", String.raw`r\.example/a"`, 'r.example/a"'],
    ["what would end an expression", String.raw`r"\] \+ '.*' \+ \["|r' \|\| true//`, "r' || true//"],
  ])("holds Paperclip to a pattern with %s", async (_, images, image) => {
    const file = join(folder, "values.json");
    await writeFile(file, JSON.stringify({ admission: { images, claims: String.raw`claude-\d+` } }));
    const yaml = await template(helm, "--values", file);
    const jobs = manifestsIn<Policy>(yaml, "ValidatingAdmissionPolicy").find(({ metadata }) =>
      metadata.name.startsWith("claude-k8s-jobs"),
    );
    if (!jobs) throw new Error("no policy on Jobs");
    const verdict = (name: string): string[] => {
      const object = changed(({ container }) => Object.assign(container, { image: name }));
      return refusals(jobs, { user: "system:serviceaccount:paperclip:paperclip", object });
    };
    expect(verdict(image)).toEqual([]);
    // Not one character more or less, and not what a pattern of another reading would match.
    for (const other of [`${image}x`, image.slice(1), image.replace(".", "-"), "rXexample/$12", ""])
      if (other !== image)
        expect(verdict(other)).toEqual([`The image must match ${images} (admission.images of the chart).`]);
    expect(of(yaml, "Namespace")[0]?.metadata.annotations).toMatchObject({ [setting("images")]: images });
  });
});
