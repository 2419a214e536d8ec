/**
 * A place in a pod template as messages and rules write it: `spec.containers[claude].env[HOME].value`. In brackets stands the
 * merge key of a list's item (else its index), or the key of a map.
 */
export type PathStep =
  | { readonly field: string }
  /** A key, which the rules' patterns match as text. */
  | { readonly key: string };

export type Path = readonly PathStep[];

export const textOf = (step: PathStep): string => ("field" in step ? step.field : step.key);

export function writtenPath(path: Path): string {
  return path
    .map((step, index) => ("key" in step ? `[${step.key}]` : index === 0 ? step.field : `.${step.field}`))
    .join("");
}

/** Null for what is no path. */
export function readPath(text: string): Path | null {
  const steps: PathStep[] = [];
  let rest = text;
  while (rest !== "") {
    const step = /^(?:\.?([A-Za-z*][A-Za-z0-9*]*)|\[([^\]]+)\])/.exec(rest);
    if (!step) return null;
    steps.push(step[2] === undefined ? { field: step[1] ?? "" } : { key: step[2] });
    rest = rest.slice(step[0].length);
  }
  return steps.length > 0 && "field" in (steps[0] ?? { key: "" }) ? steps : null;
}
