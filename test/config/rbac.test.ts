import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import type { Right } from "../../src/kubernetes/access.ts";
import { neededRights, optionalRights } from "../../src/kubernetes/needed-rights.ts";

interface Rule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly verbs: string[];
}

const read = (): Promise<string> => readFile(new URL("../../deploy/rbac.yaml", import.meta.url), "utf8");

const granted = (rules: readonly Rule[]): string[] =>
  rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${group}/${resource} ${verb}`))),
  );

const used = (rights: readonly Right[]): string[] =>
  rights.map(({ group, resource, verb }) => `${group}/${resource} ${verb}`);

it("deploy/rbac.yaml grants exactly the rights that the adapter uses", async () => {
  const role = parseAllDocuments(await read())
    .map((document) => document.toJS())
    .find(({ kind }) => kind === "Role");
  expect(granted(role.rules).toSorted()).toEqual(used(neededRights).toSorted());
});

it("deploy/rbac.yaml has exactly the optional rights as a comment", async () => {
  const [commented] = /^ {2}# - apiGroups.*\n(?: {2}# {3}.*\n)+/m.exec(await read()) ?? [""];
  expect(granted(parse(commented.replaceAll(/^ {2}# /gm, "")))).toEqual(used(optionalRights));
});
