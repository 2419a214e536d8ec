/** What Paperclip has for an agent beside its prompt, as the agent finds it in its pod. */
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { paperclipUrl } from "../../src/paperclip/run-status.ts";
import { leftovers } from "./support/leftovers.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, startRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
let folder: string;
usePlace((opened) => {
  place = opened;
});
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "provision-"));
  await mkdir(join(folder, "skill/scripts"), { recursive: true });
  await writeFile(join(folder, "skill/SKILL.md"), "# Hello ✓\n");
  await writeFile(join(folder, "skill/scripts/do it.sh"), "#!/bin/sh\necho the script ran\n");
  await chmod(join(folder, "skill/scripts/do it.sh"), 0o755);
  await mkdir(join(folder, "instructions"));
  await writeFile(join(folder, "instructions/AGENTS.md"), "Be kind.\n");
  await writeFile(join(folder, "instructions/SOUL.md"), "A soul.\n");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Finds its own arguments as Claude Code would. */
const ARGUMENTS =
  "while [ $# -gt 0 ]; do case $1 in --add-dir) dir=$2;; --mcp-config) mcp=$2;; --append-system-prompt-file) words=$2;; esac; shift; done";

const skills = () => ({
  paperclipRuntimeSkills: [
    { key: "team/hello", runtimeName: "hello", source: join(folder, "skill"), sourceStatus: "available" },
  ],
  paperclipSkillSync: { desiredSkills: ["team/hello"] },
});

describe("the agent's pod", () => {
  it("has the skills, the MCP servers with their tokens, and the files beside the instructions", async () => {
    const run = startRun(place, {
      agent: `cat >/dev/null; ${INIT}; ${ARGUMENTS}; cd "$dir/.claude/skills/hello"; echo "skill: $(cat SKILL.md)"; "./scripts/do it.sh"; echo "mcp: $(cat "$mcp")"; cat "$words"; echo x > "$PAPERCLIP_SCRATCH_DIR/file" && echo "scratch: $(cat "$TMPDIR/file")"; echo "beside: $(cat "\${words%/*}/instructions/SOUL.md")"; ${RESULT}`,
      config: {
        ...skills(),
        env: { PAPERCLIP_SCRATCH_DIR: join(folder, "scratch"), TMPDIR: join(folder, "scratch") },
        instructionsFilePath: join(folder, "instructions/AGENTS.md"),
        instructionsRootPath: join(folder, "instructions"),
      },
      context: {
        runtimeMcp: {
          getServers: () => [
            { name: "tools", url: `${place.paperclip.url}/mcp/tools`, token: "mcp-token", connectionId: "tools" },
          ],
        },
      },
      dependencies: { env: { PAPERCLIP_K8S_API_URL: "http://paperclip.team.svc:3100" } },
    });
    expect(await run.result).toMatchObject({ exitCode: 0, errorCode: null });
    const said = run.stdout();
    expect(said).toContain("skill: # Hello ✓\n");
    expect(said).toContain("the script ran\n");
    expect(said).toContain(
      'mcp: {"mcpServers":{"tools":{"type":"http","url":"http://paperclip.team.svc:3100/mcp/tools","headers":{"Authorization":"Bearer mcp-token"}}}}\n',
    );
    expect(said).toContain("scratch: x\n");
    expect(said).toContain("Be kind.\n");
    expect(said).toContain("- team/hello — enabled");
    expect(said).toContain("beside: A soul.\n");
    expect(said).not.toContain(folder);
    expect(await leftovers(place, run)).toEqual([]);
  });

  // The pods of a real cluster do not reach this machine's loopback.
  it.skipIf(process.env.TEST_KUBECONFIG)(
    "has Paperclip's own git and gh, which ask it for a credential, where Paperclip manages the access to GitHub",
    async () => {
      const asked: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
      const server = createServer((request, response) => {
        asked.push({ url: request.url, headers: request.headers });
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify({ status: "available", env: { GH_TOKEN: "of-the-hour", GIT_AUTHOR_NAME: "Ada" } }));
      });
      await once(server.listen(0, "127.0.0.1"), "listening");
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const run = startRun(place, {
        agent: `cat >/dev/null; ${INIT}; . "$CLAUDE_ENV_FILE"; git -c alias.who='!echo "as $GIT_AUTHOR_NAME with $GH_TOKEN"' who; echo "here: $GH_TOKEN."; ${RESULT}`,
        config: {
          // As the host has them (2026.916.1).
          env: {
            PAPERCLIP_GITHUB_LAUNCHER_DIR: join(folder, "launchers"),
            PATH: `${join(folder, "launchers")}:/nowhere`,
            PAPERCLIP_GITHUB_BROKER_URL: paperclipUrl({ id: "a", companyId: "c" }),
            PAPERCLIP_GITHUB_BROKER_TOKEN: "capability",
            GH_TOKEN: "",
          },
        },
        dependencies: { env: { PAPERCLIP_K8S_API_URL: url } },
      });
      await run.result;
      server.close();
      expect(run.stdout()).toContain("as Ada with of-the-hour\nhere: .\n");
      expect(asked).toMatchObject([
        {
          url: "/runtime-tools/github/credentials",
          headers: { authorization: `Bearer ${run.token}`, "x-paperclip-github-capability": "capability" },
        },
      ]);
    },
  );
});
