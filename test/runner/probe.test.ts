/** probe.sh, in the shells that images have. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EnvironmentFacts, readEnvironmentFacts } from "../../src/runner/environment-facts.ts";

const script = fileURLToPath(new URL("../../src/runner/probe.sh", import.meta.url));
const programOf = (name: string): string =>
  spawnSync("sh", ["-c", `command -v ${name}`])
    .stdout.toString()
    .trim();
const shells = [["dash"], ["bash"], ["busybox", "sh"]].filter(([shell = ""]) => programOf(shell) !== "");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A folder of programs: `rm` and those given. */
function programs(name: string, scripts: Record<string, string>): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  symlinkSync(programOf("rm"), join(path, "rm"));
  for (const [program, text] of Object.entries(scripts)) {
    writeFileSync(join(path, program), `#!${programOf("sh")}\n${text}\n`);
    chmodSync(join(path, program), 0o755);
  }
  return path;
}

function probe(shell: readonly string[], command: string[], env: Record<string, string>) {
  const [program = "", ...args] = shell;
  const ran = spawnSync(programOf(program), [...args, script, ...command], {
    env: { HOME: folder, ...env },
    input: "prompt",
  });
  const [line = "", ...rest] = ran.stdout.toString().split("\n");
  return { facts: readEnvironmentFacts(Buffer.from(line)), rest: rest.join("\n"), status: ran.status };
}

const CLAUDE = `case $1 in
--version) printf '2.1 "é\\\\\\n\\tnext';;
--help) echo '  --no-session-persistence  no';;
*) while read -r line || [ -n "$line" ]; do echo "read $line"; break; done; echo "args $*"; exit 7;;
esac`;

describe.each(shells.map((shell) => [shell.join(" "), shell] as const))("probe.sh in %s", (name, shell) => {
  it("tells what there is, then is the program: prompt, arguments and exit code are its own", () => {
    const PATH = programs(`all-${name}`, { claude: CLAUDE, bash: ":", git: ":", curl: "printf 204" });
    const { facts, rest, status } = probe(shell, ["claude", "--print", "a 'b"], {
      PATH,
      PAPERCLIP_API_URL: "http://x/",
    });
    expect(facts).toEqual({
      program: join(PATH, "claude"),
      version: expect.stringMatching(/^2\.1 [^"]*next$/),
      bash: join(PATH, "bash"),
      node: null,
      git: join(PATH, "git"),
      home: folder,
      homeProblem: null,
      folderProblem: null,
      apiProgram: "curl",
      apiStatus: "204",
      apiProblem: null,
    } satisfies EnvironmentFacts);
    expect(rest).toBe("read prompt\nargs --print a 'b --no-session-persistence\n");
    expect(status).toBe(7);
  });

  it("tells what there is not, on an image with nothing", () => {
    const PATH = programs(`none-${name}`, {});
    const { facts, status } = probe(shell, ["claude", "--print"], {
      PATH,
      HOME: "/proc",
      PAPERCLIP_API_URL: "http://x",
    });
    // busybox and others may have programs of their own.
    if (!name.startsWith("busybox")) expect(facts).toMatchObject({ apiProgram: null, apiStatus: null });
    expect(facts).toMatchObject({ program: null, version: null, node: null, git: null });
    expect(facts?.homeProblem).toBeTruthy();
    expect(status).toBe(127);
  });

  it("does not start twice what may take --version for work", () => {
    const PATH = programs(`own-${name}`, { own: 'echo "ran $1"' });
    expect(probe(shell, ["own", "-c", "x"], { PATH }).rest).toBe("ran -c\n");
  });

  it("quotes why Paperclip does not answer", () => {
    const PATH = programs(`deaf-${name}`, { curl: "printf 'curl: (7) Failed to \"connect\"\\n000' ; exit 7" });
    const { facts } = probe(shell, ["sh"], { PATH, PAPERCLIP_API_URL: "http://x" });
    expect(facts).toMatchObject({ apiStatus: null, apiProblem: expect.stringContaining("curl: (7) Failed to") });
  });
});

describe("the facts", () => {
  it("are read from no other line", () => {
    fc.assert(
      fc.property(fc.string(), (line) => {
        expect(readEnvironmentFacts(Buffer.from(line))).toBeNull();
      }),
    );
    for (const line of [
      '{"type":"environment",',
      '{"type":"result","type":"environment"}',
      `{"type":"environment",${" ".repeat(9000)}}`,
    ])
      expect(readEnvironmentFacts(Buffer.from(line))).toBeNull();
  });

  it("are null where they are not text", () => {
    expect(readEnvironmentFacts(Buffer.from('{"type":"environment","bash":5,"git":"/git"}'))).toMatchObject({
      bash: null,
      git: "/git",
      program: null,
    });
  });
});
