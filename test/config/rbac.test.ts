import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { neededRights } from "../../src/kubernetes/needed-rights.ts";

interface Rule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly verbs: string[];
}

it("deploy/rbac.yaml grants exactly the rights that the adapter uses", async () => {
  const text = await readFile(new URL("../../deploy/rbac.yaml", import.meta.url), "utf8");
  const role = parseAllDocuments(text)
    .map((document) => document.toJS())
    .find(({ kind }) => kind === "Role");
  const granted = (role.rules as Rule[]).flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${group}/${resource} ${verb}`))),
  );
  const needed = neededRights.map(({ group, resource, verb }) => `${group}/${resource} ${verb}`);
  expect(granted.toSorted()).toEqual(needed.toSorted());
});
