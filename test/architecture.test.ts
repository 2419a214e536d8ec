/** Holds the rules of who may import whom: a wall that moves unnoticed is no wall. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A folder of src/ and the folders that it may import; any may import itself. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  files: [],
  kubernetes: ["files"],
  claude: ["runner/seal.ts"],
  paperclip: ["files"],
  config: ["../strategic-merge"],
  policy: ["config", "files", "paperclip/kept-files.ts", "paperclip/paths.ts"],
  runner: [],
  format: ["ui-parser.ts"],
  run: [
    "files",
    "kubernetes",
    "claude",
    "paperclip",
    "config",
    "policy/policy.ts",
    "runner",
    "format",
    "telemetry",
    "../strategic-merge",
  ],
  telemetry: ["run/shared/codes.ts"],
  doctor: ["kubernetes", "claude", "paperclip", "config", "policy/policy.ts", "run"],
  operate: ["format", "kubernetes", "paperclip", "policy/policy.ts", "run"],
  cli: [
    "files",
    "format",
    "operate",
    "doctor",
    "policy",
    "runner",
    "identity.ts",
    "config/config-error.ts",
    // What a failed call says, and the log of one container as it is.
    "kubernetes/access.ts",
    "kubernetes/api-error.ts",
    "kubernetes/config/kubeconfig-error.ts",
    "kubernetes/log-stream.ts",
    "paperclip/agent-list.ts",
    "paperclip/kept-files.ts",
    "run/follow/follow.ts",
    "run/observe/observe.ts",
    "run/plan/plan.ts",
    "run/shared/api-advice.ts",
    "run/shared/dependencies.ts",
    "run/shared/run-fault.ts",
    "run/verdict/verdict.ts",
  ],
};

/** What the adapter may take from the runner: the wire between them, and the scripts it delivers. */
const runnersWire = [
  "environment-facts.ts",
  "frame.ts",
  "seal.ts",
  "seal-message.ts",
  "spec.ts",
  "scripts.generated.ts",
];

/** The chapters of src/run/: each may import those before it. `execute.ts`, `in-paperclip.ts` and `probe.ts` tell them all. */
const chapters = [
  "shared",
  "plan",
  "observe",
  "measure",
  "stop",
  "claim",
  "launch",
  "follow",
  "tell",
  "verdict",
  "conclude",
  "supervise",
];

/** The rooms of src/run/follow/: each may import those before it. */
const followRooms = ["assemble", "read", "deliver", "refill"];

const sources = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
    .map((name) => join(folder, name));

const importsOf = (file: string): string[] =>
  [...readFileSync(join(root, file), "utf8").matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, path = ""]) =>
    join(dirname(file), path),
  );

/** Each import of these files as `FILE → TARGET`, where the rule says that it is broken. */
const broken = (files: readonly string[], isBroken: (file: string, target: string) => boolean): string[] =>
  files.flatMap((file) =>
    importsOf(file)
      .filter((target) => isBroken(file, target))
      .map((target) => `${file} → ${target}`),
  );

describe("the import rules", () => {
  it.each(Object.entries(allowed))("src/%s imports itself and %j", (folder, others) => {
    const wrong = broken(sources(`src/${folder}`), (_, target) => {
      const path = relative("src", target);
      const ok = [folder, ...others].some((place) => path === place || path.startsWith(`${place}/`));
      const wire = folder !== "runner" && path.startsWith("runner/");
      return !ok || (wire && !runnersWire.includes(path.slice("runner/".length)));
    });
    expect(wrong).toEqual([]);
  });

  it("keeps src/ and the devcluster strangers", () => {
    const homeOf = (file: string): string => file.split("/")[0] ?? "";
    const crossing = broken([...sources("src"), ...sources("devcluster")], (file, target) => {
      const [from, to] = [homeOf(file), homeOf(target)];
      return from !== to && ["src", "devcluster", "demo", "test"].includes(to);
    });
    expect(crossing).toEqual([]);
  });

  it("keeps the patch that both share a stranger of either", () => {
    expect(broken(sources("strategic-merge"), (_, target) => !target.startsWith("strategic-merge/"))).toEqual([]);
  });

  it("lets nobody remove by node's rm where pods write: it goes into what takes the entry's place meanwhile", () => {
    const texts = ["files", "run/tell/page"].flatMap((name) => {
      const folder = fileURLToPath(new URL(`../src/${name}/`, import.meta.url));
      return readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
    });
    expect(texts.filter((text) => /\brm\b.*from "node:fs/.test(text))).toEqual([]);
  });

  it("has no hook in a module that several unit tests share: it is loaded once for all of them", () => {
    const folder = fileURLToPath(new URL(".", import.meta.url));
    const shared = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
      .filter((name) => /^(before|after)(Each|All)\(/m.test(readFileSync(join(folder, name), "utf8")));
    expect(shared).toEqual([]);
  });

  it("has no circle of files anywhere", () => {
    const files = ["src", "devcluster", "strategic-merge", "demo", "e2e", "bench", "scripts", "test"].flatMap(sources);
    expect(files.length).toBeGreaterThan(500);
    expect(circles(new Map(files.map((file) => [file, importsOf(file)])))).toEqual([]);
  });

  it("lets the help of a command load nothing of a cluster or of a run: it is quick", () => {
    const statically = (file: string): string[] =>
      [...readFileSync(join(root, file), "utf8").matchAll(/^(?:import|export)(?! type)[^;]*? from "(\.[^"]+)"/gm)].map(
        ([, path = ""]) => join(dirname(file), path),
      );
    const loaded = new Set<string>();
    const load = (file: string): void => {
      if (loaded.has(file)) return;
      loaded.add(file);
      statically(file).forEach(load);
    };
    ["src/cli/main.ts", ...sources("src/cli/commands")].forEach(load);
    expect([...loaded]).toContain("src/cli/command.ts");
    expect([...loaded].filter((file) => /^src\/(kubernetes|run|operate|doctor|policy)\//.test(file))).toEqual([]);
  });

  it("lets the life of a run know the CLI by one file only", () => {
    const other = (_: string, target: string): boolean =>
      target.startsWith("src/claude/") && target !== "src/claude/claude-code.ts";
    expect(broken(sources("src/run"), other)).toEqual([]);
    const use = broken(sources("src/run"), (file, target) => {
      if (target !== "src/claude/claude-code.ts" || file === "src/run/shared/agent-cli.ts") return false;
      return !/import type \{[^}]*\} from "[./]*claude\/claude-code\.ts"/.test(readFileSync(join(root, file), "utf8"));
    });
    expect(use).toEqual([]);
  });

  it("lets nobody read a configuration that has not passed the policy", () => {
    const parser = broken(sources("src"), (file, target) => {
      const own = /^src\/(config|policy)\//.test(file);
      return (
        !own &&
        target === "src/config/agent-config.ts" &&
        /\bparseAgentConfig\b/.test(readFileSync(join(root, file), "utf8"))
      );
    });
    expect(parser).toEqual([]);
    // Who hands it to `govern`; skills are listed for the page, by what the host itself has put into it.
    const handsOver = ["src/run/execute.ts", "src/doctor/test-environment.ts", "src/paperclip/skills.ts"];
    const readers = sources("src").filter((file) => /\bctx\.config\b/.test(readFileSync(join(root, file), "utf8")));
    expect(readers.filter((file) => !handsOver.includes(file))).toEqual([]);
  });

  it("finds the files that it judges", () => {
    for (const folder of Object.keys(allowed)) expect(sources(`src/${folder}`).length, folder).toBeGreaterThan(0);
  });
});

describe("the chapters of a run", () => {
  const chapterOf = (file: string): string => (file.startsWith("src/run/") ? (file.split("/")[2] ?? "") : "");

  it("are all that src/run has, beside the three files that tell them, and what one of those hands around", () => {
    const found = readdirSync(join(root, "src/run"));
    expect(found.toSorted()).toEqual(
      [...chapters, "README.md", "execute.ts", "in-paperclip.ts", "probe.ts", "run-context.ts"].toSorted(),
    );
  });

  it("import only those before them", () => {
    const wrong = broken(sources("src/run"), (file, target) => {
      const [from, to] = [chapters.indexOf(chapterOf(file)), chapters.indexOf(chapterOf(target))];
      return from >= 0 && (to > from || (to < 0 && target.startsWith("src/run/")));
    });
    expect(wrong).toEqual([]);
  });

  it("are entered by their entry file, from wherever in src", () => {
    const wrong = broken(sources("src"), (file, target) => {
      const chapter = chapterOf(target);
      if (!chapters.includes(chapter) || chapter === "shared" || chapterOf(file) === chapter) return false;
      return target !== `src/run/${chapter}/${chapter}.ts`;
    });
    expect(wrong).toEqual([]);
  });

  it("has rooms in follow/ that import only those before them", () => {
    const roomOf = (file: string): number => followRooms.indexOf(file.split("/")[3] ?? "");
    const wrong = broken(sources("src/run/follow"), (file, target) => {
      if (roomOf(file) < 0 || !target.startsWith("src/run/follow/")) return false;
      return roomOf(target) < 0 || roomOf(target) > roomOf(file);
    });
    expect(wrong).toEqual([]);
  });
});

/** Groups of files that import one another, by Tarjan's algorithm. */
function circles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const open: string[] = [];
  const visit = (file: string): number => {
    const number = order.size;
    order.set(file, number);
    let low = number;
    open.push(file);
    for (const target of imports.get(file) ?? []) {
      if (!imports.has(target)) continue;
      if (!order.has(target)) low = Math.min(low, visit(target));
      else if (open.includes(target)) low = Math.min(low, order.get(target) ?? low);
    }
    if (low === number) {
      const group = open.splice(open.indexOf(file));
      if (group.length > 1) found.push(group.toSorted());
    }
    return low;
  };
  for (const file of imports.keys()) if (!order.has(file)) visit(file);
  return found;
}
