/** Names of clusters that a person can read, from what a kubeconfig and its contexts are called. Pure. */

/** @param wanted best first @param taken names of other clusters */
export function nameOfCluster(wanted: readonly string[], taken: readonly string[]): string {
  const names = wanted.map(readable).filter((name) => name !== "");
  const first = names.find((name) => !taken.includes(name));
  if (first !== undefined) return first;
  const stem = (names[0] ?? "cluster").slice(0, 56);
  for (let number = 2; ; number++) if (!taken.includes(`${stem}-${number}`)) return `${stem}-${number}`;
}

/** `arn:aws:eks:eu-west-1:1234:cluster/gpu` is gpu, `admin@prod.example.com` is prod-example-com; "": nothing is left. */
function readable(text: string): string {
  const last = text.split(/[/@]/).findLast((part) => part !== "") ?? "";
  return last
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replaceAll(/^-|-$/g, "");
}
