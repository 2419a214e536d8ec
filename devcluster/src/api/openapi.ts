import type { Answer } from "./request.ts";

/** The API's own description. */
export function openApi(_path: string, _accept: string | undefined): Answer | undefined {
  return undefined;
}
