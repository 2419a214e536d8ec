import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";
import type { Manifest } from "./kustomize.ts";

/** The objects of a file of deploy/, in order. */
export function readDeploy(file: string): (Manifest & { readonly spec: object })[] {
  const text = readFileSync(new URL(`../../../deploy/${file}`, import.meta.url), "utf8");
  return parseAllDocuments(text).map((document) => document.toJS());
}
