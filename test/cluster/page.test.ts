/** A run whose page gets words: what is shown, and the file with what the agent wrote, proven by the runner's own seal. */
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pods } from "../../src/kubernetes/resource-types.ts";
import { LABELS } from "../../src/run/shared/names.ts";
import { parseSeal } from "../../src/runner/seal-message.ts";
import { loseRun } from "./support/lost-run.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, SESSION, startRun, type TestRun } from "./support/run.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
let home = "";
let env: NodeJS.ProcessEnv = {};
usePlace((opened) => {
  place = opened;
});
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "paperclip-home-"));
  env = { PAPERCLIP_HOME: home, PAPERCLIP_K8S_PAGE: "text" };
});
afterAll(() => rm(home, { recursive: true, force: true }));

interface Told {
  readonly complete: boolean;
  readonly lines: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly file?: string;
}
const transcriptOf = async (run: TestRun): Promise<Told> => (await run.result).resultJson?.transcript as Told;
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

const SAYS = `printf '%s\\n' '{"type":"assistant","message":{"content":[{"type":"text","text":"Hello\\nthere"}]}}'`;
const SHOWN = `◆ claude  session ${SESSION} · test-model
● says    Hello
│         there
`;
const ENDED = "■ result  success · 1 turn · 7 tokens in · 5 out · $0.2500\n";

describe("a run in words", () => {
  it("shows words, keeps stream-json byte for byte, and its hash is the seal's", async () => {
    const run = startRun(place, {
      // Foreign lines on stdout, one that is no UTF-8, and no newline at the end.
      agent: `cat >/dev/null; ${INIT}; ${SAYS}; echo ' as it is '; printf '\\377\\n'; echo careful >&2; ${RESULT}; printf '{"half'`,
      config: { retainJobs: true },
      dependencies: { env },
    });
    const told = await transcriptOf(run);
    expect(run.stdout()).toBe(`${SHOWN} as it is \n\ufffd\n${ENDED}{"half\n`);
    expect(run.stderr()).toBe("careful\n");
    expect(told).toMatchObject({ complete: true, lines: 6 });
    expect(told.file).toBe(join(home, "claude_k8s/transcripts", `${run.runId}.jsonl`));
    const kept = await readFile(told.file ?? "");
    expect(kept.toString("latin1")).toMatch(
      /^\{"type":"system".*\n\{"type":"assistant".*\n as it is \n\xff\n.*\n\{"half$/,
    );
    const [pod] = (await place.admin.list(pods, place.namespace, { labelSelector: `${LABELS.runId}=${run.runId}` }))
      .items;
    const message = pod?.status?.containerStatuses?.[0]?.state?.terminated?.message;
    expect(parseSeal(message ?? "")?.stdout).toMatchObject({ lines: 6, bytes: kept.length, sha256: sha256(kept) });
    expect(told).toMatchObject({ bytes: kept.length, sha256: sha256(kept) });
    expect((await stat(told.file ?? "")).mode & 0o777).toBe(0o600);
  });

  it("shows a run that is taken over from its first line, in a file of its own", async () => {
    const agent = `cat >/dev/null; ${INIT}; ${SAYS}; while [ ! -e "$HOME/go" ]; do i=$((i+1)); [ "$i" -gt 25 ] && break; sleep 0.1; done; ${RESULT}`;
    const lost = await loseRun(place, { agent, after: "there" });
    const run = startRun(place, { agent: "exit 1", agentId: lost.agentId, dependencies: { env } });
    const told = await transcriptOf(run);
    expect(run.stdout()).toBe(`${SHOWN}${ENDED}`);
    expect(told).toMatchObject({ complete: true, lines: 3, file: expect.stringContaining(run.runId) });
    expect(sha256(await readFile(told.file ?? ""))).toBe(told.sha256);
  });

  it("goes on when the file cannot be kept, and says so once", async () => {
    const file = join(home, "is-a-file");
    await writeFile(file, "");
    const run = startRun(place, {
      agent: `cat >/dev/null; ${INIT}; ${SAYS}; ${RESULT}`,
      dependencies: { env: { ...env, PAPERCLIP_HOME: file } },
    });
    const told = await transcriptOf(run);
    expect(run.stdout()).toBe(`${SHOWN}${ENDED}`);
    expect(told).toMatchObject({ complete: true, lines: 3 });
    expect(told).not.toHaveProperty("file");
    expect(run.events.filter(({ eventType }) => eventType === "k8s.log.file").map(({ message }) => message)).toEqual([
      expect.stringMatching(/^The run's stream-json is not whole in .*: ENOTDIR/),
    ]);
  });
});

describe("outside of a Paperclip server", () => {
  it("a run hands on the agent's own lines, and keeps no file", async () => {
    const before = await readdir(join(home, "claude_k8s/transcripts"));
    const run = startRun(place, {
      agent: `cat >/dev/null; ${INIT}; ${SAYS}; ${RESULT}`,
      dependencies: { env: { PAPERCLIP_HOME: home } },
    });
    const told = await transcriptOf(run);
    expect(told).not.toHaveProperty("file");
    expect(sha256(Buffer.from(run.stdout()))).toBe(told.sha256);
    expect(await readdir(join(home, "claude_k8s/transcripts"))).toEqual(before);
  });

  it("a setting that is none is refused before anything is created", async () => {
    const run = startRun(place, { agent: "exit 1", dependencies: { env: { PAPERCLIP_K8S_PAGE: "pretty" } } });
    const result = await run.result;
    expect(result).toMatchObject({ errorCode: "k8s_config_invalid", exitCode: null });
    expect(result.errorMessage).toContain('PAPERCLIP_K8S_PAGE is "pretty", which is neither text nor stream-json');
  });
});
