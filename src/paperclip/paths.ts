/** Paths of a pod or of Paperclip's machine, compared as text: nothing is looked up. */
import { posix } from "node:path";

export function isBelow(path: string, folder: string): boolean {
  const [inner, outer] = [trimmed(path), trimmed(folder)];
  return inner === outer || inner.startsWith(outer === "/" ? outer : `${outer}/`);
}

function trimmed(path: string): string {
  const plain = posix.normalize(path);
  return plain.length > 1 ? plain.replace(/\/+$/, "") : plain;
}
