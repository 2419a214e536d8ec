/** What the pod calls a path, and where it lies on this host. */
export interface Mapping {
  readonly inPod: string;
  readonly onHost: string;
}

/** One of a container's volume mounts. */
export interface Mount extends Mapping {
  readonly readOnly: boolean;
}

export type Translate = (text: string) => string;

/**
 * The devcluster's one illusion. Containers are local processes, so `/run/secrets/x` of a pod is a private directory of
 * the host; wherever such a path stands in a command, an argument, a variable or the working directory, it is replaced.
 * A path counts where it is not the middle of a longer one: `--dir=/data/x` and `a:/data` are translated when `/data`
 * is mounted, `/srv/data`, `$HOME/data` and `/database` are not. The longest mount path wins.
 */
export function translator(mappings: readonly Mapping[]): Translate {
  const byPath = new Map<string, string>();
  for (const { inPod, onHost } of mappings) byPath.set(normal(inPod), onHost);
  byPath.delete("/");
  if (byPath.size === 0) return (text) => text;
  const alternatives = [...byPath.keys()]
    .sort((a, b) => b.length - a.length)
    .map((path) => path.replace(/[^\w/]/g, "\\$&"));
  const pattern = new RegExp(`(?<![\\w.~/\\-})\\]])(?:${alternatives.join("|")})(?![\\w.\\-])`, "g");
  return (text) => text.replace(pattern, (path) => byPath.get(path) ?? path);
}

function normal(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  return trimmed === "" ? "/" : trimmed;
}
