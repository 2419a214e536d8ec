import { isPlain, type Plain } from "../store/plain.ts";

/** RFC 7396: null removes, objects merge, everything else replaces. */
export function mergePatch(target: Plain, patch: Plain): Plain {
  const out: Plain = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else if (isPlain(value)) out[key] = mergePatch(isPlain(out[key]) ? out[key] : {}, value);
    else out[key] = value;
  }
  return out;
}
