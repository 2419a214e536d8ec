import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MODELS_FOLDER } from "../models.ts";

/** What a model's declaration says beyond names and types. */
export interface Described {
  readonly description: string;
  readonly fields: ReadonlyMap<string, { readonly description: string; readonly required: boolean }>;
}

const FIELD = /(?:\/\*\*\s*\*\s(?<text>(?:(?!\*\/)[\s\S])*?)\s*\*\/\s*)?'(?<name>[^']+)'(?<optional>\?)?:/g;
const CLASS = /\/\*\*\s*\*\s(?<text>(?:(?!\*\/)[\s\S])*?)\s*\*\/\s*export declare class/;

/** The texts exist only as comments of the declaration files; read when a client asks for OpenAPI, not before. */
export function describe(model: string): Described {
  const source = readFileSync(join(MODELS_FOLDER, `${model}.d.ts`), "utf8");
  const body = source.slice(source.indexOf("export declare class"), source.indexOf("static readonly discriminator"));
  const fields = new Map<string, { description: string; required: boolean }>();
  for (const { groups } of body.matchAll(FIELD)) {
    const { text = "", name = "", optional } = groups ?? {};
    fields.set(name, { description: unescaped(text), required: optional === undefined });
  }
  return { description: unescaped(CLASS.exec(source)?.groups?.text ?? ""), fields };
}

function unescaped(text: string): string {
  return text.replaceAll("\\'", "'").replaceAll('\\"', '"').trim();
}
