import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { podTemplateTypes, typesPath } from "../../scripts/pod-template-types.ts";
import { readPath, writtenPath } from "../../src/config/pod-template/path.ts";
import { touchedPlaces } from "../../src/config/pod-template/touched.ts";

it("the types are those of the API description that is installed", async () => {
  expect(await readFile(typesPath, "utf8")).toBe(podTemplateTypes());
});

describe("a place", () => {
  const field = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,8}$/).map((name) => ({ field: name }));
  const key = fc.stringMatching(/^[^\]]{1,8}$/).map((name) => ({ key: name }));

  it("reads as it is written", () => {
    fc.assert(
      fc.property(fc.tuple(field, fc.array(fc.oneof(field, key), { maxLength: 5 })), ([first, more]) => {
        expect(readPath(writtenPath([first, ...more]))).toEqual([first, ...more]);
      }),
    );
  });

  it.each(["", "[a]", "a b", "a..b", "a[", "a[]", "a]"])("%j is none", (text) => {
    expect(readPath(text)).toBeNull();
  });
});

it.each([
  [{ spec: { hostname: "a" } }, ["spec.hostname=a"]],
  [{ metadata: { labels: { "example.com/a": "b" } } }, ["metadata.labels[example.com/a]=b"]],
  [{ metadata: { labels: null } }, ["metadata.labels"]],
  [
    { spec: { containers: [{ name: "x", image: "i", env: [{ name: "A", value: "1" }] }] } },
    ["spec.containers[x].image=i", "spec.containers[x].env[A].value=1"],
  ],
  [{ spec: { containers: [{ name: "x" }] } }, ["spec.containers[x]"]],
  [{ spec: { containers: [{ name: "x", $patch: "delete" }] } }, ["spec.containers[x]"]],
  [{ spec: { containers: [{ $patch: "replace" }] } }, ["spec.containers"]],
  [{ spec: { $setElementOrder: 1, hostname: "a" } }, ["spec"]],
  [{ spec: { tolerations: [{ operator: "Exists" }] } }, ["spec.tolerations"]],
  [{ $patch: "replace", spec: {} }, [""]],
])("%j touches %j", (patch, places) => {
  const found = touchedPlaces(patch).map(
    ({ path, value }) => `${writtenPath(path)}${value === null ? "" : `=${value}`}`,
  );
  expect(found).toEqual(places);
});
