/** Values of agents, as they may stand in the operator's file. Pure. */

/** Text that means itself in a pattern and in every reader of YAML: an agent wrote it. */
export function isPlain(text: string): boolean {
  return text.length > 0 && text.length <= 512 && !/[*{}\p{C}\p{Zl}\p{Zp}]/u.test(text);
}

/** An id that is shorter may stand in a text by chance. */
const SHORTEST_ID = 8;

/** With the run's own ids taken out: then it holds for each agent with its own, and for none with another's. */
export function asTemplate(text: string, ids: { readonly companyId: string; readonly agentId: string }): string {
  return (["agentId", "companyId"] as const).reduce(
    (template, key) => (ids[key].length < SHORTEST_ID ? template : template.replaceAll(ids[key], `{${key}}`)),
    text,
  );
}
