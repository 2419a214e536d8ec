/**
 * `$(NAME)` becomes the variable's value, `$$` becomes `$` (so `$$(NAME)` is the text `$(NAME)`); an unknown name and
 * any other `$` stay as they are. One pass: what a value brings in is not expanded again (measured on 1.36).
 */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole, name: string | undefined) =>
    name === undefined ? "$" : (variables.get(name) ?? whole),
  );
}
