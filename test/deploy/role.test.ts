import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { roleFiles } from "../../scripts/role.ts";
import type { Right } from "../../src/kubernetes/access.ts";
import { neededRights, optionalRights } from "../../src/kubernetes/needed-rights.ts";

interface Rule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly verbs: string[];
}

const granted = (rules: readonly Rule[]): string[] =>
  rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${group}/${resource} ${verb}`))),
  );

const used = (rights: readonly Right[]): string[] =>
  rights.map(({ group, resource, verb }) => `${group}/${resource} ${verb}`);

/** The rules that stand in comments. */
const commented = (text: string): Rule[] =>
  [...text.matchAll(/^ {2}# - apiGroups.*\n(?: {2}# {3}.*\n)+/gm)].flatMap(([lines]) =>
    parse(lines.replaceAll(/^ {2}# /gm, "")),
  );

describe.each(Object.entries(roleFiles))("%s", (path, text) => {
  it("says what scripts/role.ts makes of the rights that the code uses", async () => {
    expect(await readFile(path, "utf8")).toBe(text);
  });

  it("grants exactly the rights that the adapter uses, and has exactly the optional ones as comments", () => {
    const role = parseAllDocuments(text)
      .map((document) => document.toJS())
      .find(({ kind }) => kind === "Role");
    expect(granted(role.rules).toSorted()).toEqual(used(neededRights).toSorted());
    expect(granted(commented(text)).toSorted()).toEqual(used(Object.values(optionalRights).flat()).toSorted());
  });
});
