import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Pod, type PodOptions, runPod, sh } from "./pod.ts";
import { runners, shRunners } from "./runners.ts";

const cases: readonly (readonly [string, number, PodOptions])[] = [
  ["a program that is nowhere on PATH", 127, { command: ["no-such-program-here", "hush"] }],
  ["a path where nothing is", 127, { command: ["/no/such/program", "hush"] }],
  ["a file that is not executable", 126, { command: ["/etc/passwd", "hush"] }],
  ["a folder", 126, { command: ["/etc", "hush"] }],
  ["a prompt that is missing", 125, { command: sh("echo no", "hush"), prompt: null }],
  ["a working directory that cannot be", 125, { command: sh("echo no"), workingDirectory: "/dev/null/there" }],
];

describe.each(runners)("an agent that cannot start under $name", (runner) => {
  it.each(cases)("is said to be so: %s", async (_, exitCode, options) => {
    const end = await runPod(runner, options);
    expect(end).toMatchObject({ exitCode, stdout: Buffer.alloc(0) });
    expect(end.seal).toMatchObject({ exitCode: null, signal: null, ending: "not-started" });
    expect(end.seal.error).toMatch(/program|prompt|directory|start/);
    // The log says it too, for whoever looks at the pod by hand; neither gives an argument away.
    expect(end.stderr.toString().trimEnd().split("\n").at(-1)).toBe(`runner: ${end.seal.error}`);
    expect(end.seal.error).not.toContain("hush");
  });

  it("is no reason to lose the run when no termination message can be written", async () => {
    const pod = new Pod(runner, { command: sh("echo ok; exit 3"), terminationLog: "/dev/null/message" });
    await expect(pod.ended()).rejects.toThrow("no seal");
    expect(pod.process.exitCode).toBe(3);
    expect(pod.log.stdout.start.toString()).toContain("ok");
  });

  it("leaves nothing behind in the pod's temporary folder", async () => {
    const pod = new Pod(runner, { command: sh("echo x >&2; exit 0") });
    await pod.ended();
    expect(readdirSync(join(pod.folder, "tmp"))).toEqual([]);
  });

  it("is not what a missing temporary folder means", async () => {
    const end = await runPod(runner, { command: sh("echo ok; echo lost >&2; exit 4"), env: { TMPDIR: "/dev/null" } });
    expect(end).toMatchObject({ exitCode: 4, stdout: Buffer.from("ok\n"), seal: { ending: "exit" } });
  });

  it("is not what a missing home means", async () => {
    const end = await runPod(runner, { command: sh('echo "$HOME"; exit 4'), env: { HOME: "/no/such/home" } });
    expect(end).toMatchObject({ exitCode: 4, stdout: Buffer.from("/no/such/home\n"), seal: { ending: "exit" } });
    expect(end.stderr).toHaveLength(0);
  });
});

describe("start.sh", () => {
  it.each([
    ["is a broken link", null],
    ["fails", "#!/bin/sh\nexit 1\n"],
    ["says its version and fails", "#!/bin/sh\necho v20.11.1\nexit 139\n"],
  ])("does without a Node that %s", async (_, node) => {
    for (const runner of shRunners) {
      const broken = { ...runner, programs: { ...runner.programs, node: "/no/such/node" } };
      const end = await runPod(node === null ? broken : runner, {
        command: sh("echo agent; exit 3"),
        ...(node === null ? {} : { fakes: { node } }),
      });
      expect(end).toMatchObject({ exitCode: 3, stdout: Buffer.from("agent\n"), stderr: Buffer.alloc(0) });
      expect(end.seal).toMatchObject({ runner: "sh", exitCode: 3, ending: "exit" });
    }
  });

  it("says so when Node tells its version and cannot run the runner", async () => {
    for (const runner of shRunners) {
      const node = '#!/bin/sh\ncase "$1" in --version) echo v20.11.1 ;; *) exit 134 ;; esac\n';
      const end = await runPod(runner, { command: sh("echo agent"), fakes: { node } });
      expect(end).toMatchObject({ exitCode: 134, stdout: Buffer.alloc(0) });
      expect(end.seal).toMatchObject({ exitCode: null, ending: "not-started", error: "node could not run the runner" });
    }
  });

  it.each([
    // A burst costs them twice as much with the others.
    ["v18.0.0", "node --single-threaded"],
    ["v22.11.1", "node --single-threaded"],
    ["v24.0.0", "node --single-threaded --no-opt --optimize-for-size"],
    ["v26.0.0", "node --single-threaded --no-opt --optimize-for-size"],
    // Whether it knows the other options nobody can say yet.
    ["v27.0.0", "node --single-threaded"],
    ["v100.0.0", "node --single-threaded"],
    ["v17.9.1", "sh"],
    ["v8.17.0", "sh"],
    ["nonsense", "sh"],
  ])("given Node %s becomes the runner by %s", async (version, runs) => {
    for (const runner of shRunners) {
      const fake = `#!/bin/sh\ncase $1 in --version) echo ${version} ;; *) echo "node $*" ;; esac\n`;
      const pod = new Pod(runner, { command: sh("echo agent"), fakes: { node: fake } });
      const lines: Buffer[] = [];
      pod.process.stdout?.on("data", (chunk: Buffer) => lines.push(chunk));
      await pod.ended().catch(() => {});
      const log = Buffer.concat(lines).toString();
      if (runs === "sh") expect(log).toBe("raw|1\nagent\n");
      else {
        const words = [`${pod.folder}/secret folder/runner.mjs`, pod.terminationLog, pod.workingDirectory];
        expect(log).toBe(`${runs} ${words.join(" ")}\n`);
      }
    }
  });
});
