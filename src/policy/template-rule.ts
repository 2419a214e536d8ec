/** A rule of `allow.podTemplate`: `PATH` or `PATH=VALUE`. */
import { type Path, readPath } from "../config/pod-template/path.ts";

export interface TemplateRule {
  readonly path: Path;
  /** Null: any. */
  readonly value: string | null;
}

/** Null for what names no place. */
export function readTemplateRule(rule: string): TemplateRule | null {
  const at = /=(?![^[]*\])/.exec(rule)?.index;
  const path = readPath(at === undefined ? rule : rule.slice(0, at));
  return path && { path, value: at === undefined ? null : rule.slice(at + 1) };
}

/** One that is none would allow nothing, and nobody would notice. */
export const isTemplateRule = (rule: string): boolean => readTemplateRule(rule) !== null;
