/** `claude-k8s ps`, `logs` and `why` beside runs that live, wait, end and are lost. */
import { describe, expect, it } from "vitest";
import type { DescribedRun } from "../../src/operate/run/describe-run.ts";
import { variant } from "../support/variant.ts";
import { type Cli, useCli } from "./support/cli.ts";
import type { Gates } from "./support/gate.ts";
import { loseRun } from "./support/lost-run.ts";
import type { Place } from "./support/place.ts";
import { INIT, RESULT, startRun } from "./support/run.ts";
import { useGates, usePlace } from "./support/use-place.ts";

let place: Place;
let gates: Gates;
let cli: Cli;
usePlace((opened) => {
  place = opened;
});
useGates((opened) => {
  gates = opened;
});
useCli((opened) => {
  cli = opened;
});

const env = () => ({
  KUBECONFIG: place.kubeconfig,
  PAPERCLIP_API_URL: place.paperclip.url,
  PAPERCLIP_API_KEY: "board",
});
const SAYS = `echo '{"type":"assistant","message":{"content":[{"type":"text","text":"first things first"}]}}'`;
const CALLS = `echo '{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t","name":"Bash","input":{"command":"ls"}}]}}'`;

describe("a run that lives", () => {
  it("is listed, explained and followed, and its end is the adapter's own", async () => {
    const agent = `cat >/dev/null; ${INIT}; ${SAYS}; ${CALLS}; echo careful >&2; ${gates.waitFor("go")}; ${RESULT}`;
    const run = startRun(place, { agent });
    await run.said("Bash");
    const [row] = await cli.json<DescribedRun[]>(["ps"], { env: env() });
    expect(row).toMatchObject({ run: run.runId, task: "task-1", phase: "running", agent: { name: "Ada" }, why: null });
    expect(row?.node).toBeTruthy();

    const soFar = await cli.run(["logs", run.runId], { env: env() });
    expect(soFar.stdout).toContain("says    first things first\n");
    expect(soFar.stdout).toContain("stderr  careful\n");
    expect(soFar).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/3 lines so far; the run goes on/) });

    const why = await cli.run(["why", run.runId], { env: env() });
    expect(why).toMatchObject({ exitCode: 0 });
    expect(why.stdout).toMatch(/^running +Its agent runs on node/);
    expect(why.stdout).toMatch(/^calls +Bash$/m);

    const follows = cli.start(["logs", "-f", "--stream-json", run.runId], { env: env() });
    await follows.said(/"Bash"/);
    await gates.open("go");
    const all = await follows.answer;
    await run.result;
    expect(all.stdout).toBe(run.stdout());
    expect(all.stderr).toMatch(/^careful$/m);
    expect(all).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/4 printed, all arrived/) });

    // Its Job is gone; Paperclip has the record.
    const record = await cli.run(["why", run.runId], { env: env() });
    expect(record).toMatchObject({ exitCode: 0 });
    expect(record.stdout).toMatch(/^succeeded +.*completed its task.*\n[\s\S]*its Job is gone/);
    const gone = await cli.run(["logs", run.runId], { env: env() });
    expect(gone).toMatchObject({ exitCode: 1, stdout: "", stderr: expect.stringMatching(/There is no Job of run-/) });
  });

  it("waits in the words of its page", async () => {
    const run = startRun(place, {
      agent: "true",
      config: { image: "registry.invalid/no/such:1", podStartTimeoutSec: 60 },
    });
    const { message } = await run.event("k8s.pod.image-error", /ImagePullBackOff/);
    const [row] = await cli.json<DescribedRun[]>(["ps"], { env: env() });
    expect(row).toMatchObject({ run: run.runId, phase: "image-error", why: message });
    const why = await cli.run(["why", run.runId], { env: env() });
    expect(why.stdout).toContain(message);
    expect(why.stdout).toMatch(/^fix +Check the image's name and tag/m);
    const logs = await cli.run(["logs", run.runId], { env: env() });
    expect(logs).toMatchObject({ exitCode: 0, stdout: "" });
    expect(logs.stderr).toContain(`The agent has said nothing yet: ${message}`);
    run.cancel();
    await run.result;
  });

  variant("is drawn again at each change", async () => {
    const watching = cli.start(["ps", "--watch", "--json"], { env: env() });
    await watching.said(/^\[.*\]$/m);
    const run = startRun(place, { agent: `cat >/dev/null; ${INIT}; ${gates.waitFor("watched")}; ${RESULT}` });
    await watching.said(new RegExp(`${run.runId}[^\\n]*"phase":"running"`));
    await gates.open("watched");
    await run.result;
    await watching.said(/"phase":"running"[\s\S]*\n\[\]\n$/);
    watching.signal("SIGINT");
    expect(await watching.answer).toMatchObject({ exitCode: 130 });
  });
});

describe("a run that is lost", () => {
  it("is explained from its Job: the verdict, its evidence, and what becomes of it", async () => {
    const agent = `cat >/dev/null; ${INIT}; echo mark; ${gates.waitFor("lost")}; exit 3`;
    const lost = await loseRun(place, { agent, after: "mark" });
    const living = await cli.run(["why", lost.runId], { env: env() });
    expect(living.stdout).toMatch(/^running/);
    // The operator's machine has no secret of Paperclip's: Paperclip itself says whose token it is.
    expect(living.stdout).toMatch(
      /^next +.*is lost \(Paperclip: failed\) and its agent works on: the task's next run/m,
    );
    await gates.open("lost");
    const phase = async () => (await cli.json<DescribedRun[]>(["ps"], { env: env() }))[0]?.phase;
    await expect.poll(phase, { timeout: 30_000 }).toBe("ended");
    const ended = await cli.run(["why", lost.runId.slice(0, 8)], { env: env() });
    expect(ended).toMatchObject({ exitCode: 1 });
    expect(ended.stdout).toMatch(/^✗ +.*exit code 3/);
    expect(ended.stdout).toMatch(/^because /m);
    expect(ended.stdout).toMatch(/^fix /m);
    expect(ended.stdout).toMatch(/^lines +2 printed, all arrived/m);
    const logs = await cli.run(["logs", "--json", `job/${await jobOf(lost.runId)}`], { env: env() });
    const lines = logs.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { channel: "stdout" },
      { line: "mark" },
      { transcript: { state: "complete", lines: 2 } },
    ]);
  });

  const jobOf = async (runId: string): Promise<string> =>
    (await cli.json<DescribedRun[]>(["ps"], { env: env() })).find(({ run }) => run === runId)?.job ?? "";
});
