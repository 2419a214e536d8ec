/** Reads the small part of Dockerfiles that images/agent/Dockerfile uses. Anything else is an error, never skipped. */

export type Step =
  | { readonly kind: "RUN"; readonly command: string }
  | { readonly kind: "COPY"; readonly from: string | null; readonly sources: readonly string[]; readonly to: string }
  | { readonly kind: "ENV"; readonly name: string; readonly value: string }
  | { readonly kind: "USER" | "WORKDIR"; readonly value: string }
  | { readonly kind: "CMD"; readonly words: readonly string[] };

export interface Stage {
  readonly base: string;
  readonly name: string | null;
  readonly steps: readonly Step[];
}

export interface Dockerfile {
  /** Defaults of build arguments. */
  readonly args: Readonly<Record<string, string>>;
  readonly stages: readonly Stage[];
}

/** Throws for what it does not know. */
export function parseDockerfile(text: string): Dockerfile {
  const args: Record<string, string> = {};
  const stages: { base: string; name: string | null; steps: Step[] }[] = [];
  for (const line of instructions(text)) {
    const [word = "", rest = ""] = split(line);
    if (word === "ARG" && stages.length === 0) {
      const [name = "", value = ""] = rest.split("=");
      args[name] = value;
    } else if (word === "FROM") {
      const [image = "", as, name = null] = rest.split(/\s+/);
      if (as !== undefined && as !== "AS") throw new Error(`not understood: ${line}`);
      stages.push({ base: image.replace(/\$\{(\w+)\}/g, (_, arg: string) => args[arg] ?? ""), name, steps: [] });
    } else {
      const stage = stages.at(-1);
      if (!stage) throw new Error(`before the first FROM: ${line}`);
      stage.steps.push(readStep(word, rest));
    }
  }
  return { args, stages };
}

function readStep(word: string, rest: string): Step {
  switch (word) {
    case "RUN":
      return { kind: "RUN", command: rest };
    case "COPY": {
      const words = rest.split(/\s+/);
      const from = words[0]?.startsWith("--from=") ? (words.shift()?.slice("--from=".length) ?? null) : null;
      if (words.some((one) => one.startsWith("--"))) throw new Error(`not understood: COPY ${rest}`);
      return { kind: "COPY", from, sources: words.slice(0, -1), to: words.at(-1) ?? "" };
    }
    case "ENV": {
      const at = rest.indexOf("=");
      if (at < 0 || /\s/.test(rest)) throw new Error(`not understood: ENV ${rest}`);
      return { kind: "ENV", name: rest.slice(0, at), value: rest.slice(at + 1) };
    }
    case "USER":
    case "WORKDIR":
      return { kind: word, value: rest };
    case "CMD":
      return { kind: "CMD", words: JSON.parse(rest) as string[] };
    default:
      throw new Error(`not understood: ${word} ${rest}`);
  }
}

/** Without comments, each on one line. */
function instructions(text: string): string[] {
  const lines = text.split("\n").filter((line) => !line.trimStart().startsWith("#"));
  return lines
    .join("\n")
    .replace(/\\\n\s*/g, "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function split(line: string): [string, string] {
  const at = line.search(/\s/);
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1).trim()];
}
