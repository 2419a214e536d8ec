/**
 * Every command that has to do with a cluster, in every way in which one is broken: it ends in time, with one plain sentence of
 * what happened and one of what to do, or tells what it still can; `--json` gives the same as JSON.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { stringify } from "yaml";
import { TOKEN_SECRET } from "../support/run-token.ts";
import { variant } from "../support/variant.ts";
import { breakCluster, CONDITIONS, type Condition } from "./support/broken-clusters.ts";
import { type Answer, type Cli, useCli } from "./support/cli.ts";
import { launchHeld } from "./support/held-job.ts";
import type { Place } from "./support/place.ts";
import { takeRights } from "./support/rights.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
let cli: Cli;
usePlace((opened) => {
  place = opened;
});
useCli((opened) => {
  cli = opened;
});

/** Most milliseconds: a request may take 15 s, and some commands make one after another. */
const WITHIN_MS = 45_000;
const RUN = "run-of-the-table";
/** Conditions that are met at once. */
const AT_ONCE = 5;

type Name = "ps" | "logs" | "why" | "stop" | "gc" | "doctor" | "policy" | "manifest";
/** Of a command that fails: its last line on stderr; of one that does not: what is there, or in its JSON. */
type Cell = { readonly fails: RegExp } | { readonly tells: RegExp };
type Row = Readonly<Partial<Record<Name, Cell>>> & {
  /** Of commands that are not named. */
  readonly else: Cell;
};

const NOTHING: Cell = { tells: /^$/ };
/** The same sentence of all but `policy`, which asks no cluster. */
const all = (fails: RegExp, more: Partial<Record<Name, Cell>> = {}): Row => ({
  ...{ else: { fails }, policy: NOTHING },
  ...more,
});
const RIGHT = /The right that is missing: list pods in namespace ".*"\. Have it granted in a Role/;
const UNSEEN: Cell = { tells: /The pods cannot be seen.*cannot list resource \\?"pods/ };
const MAY_NOT: Cell = {
  fails: /^Paperclip may not \w+ (jobs\.batch|pods) in namespace.* Grant it to Paperclip's service account/,
};
const CREDENTIALS = /Check the credentials of the kubeconfig \(kubectl auth whoami\)\.$/;
const REACHES = /cannot be reached: .*Check that the cluster runs and that .* reaches it/;
const SLOW =
  /(did not answer within \d+ s|no connection to the API server within \d+ s, so nothing was sent)\.? Run it again later: the API server is slow or cannot be reached\.$/;
/** The policy is told, and a run is looked for where one would be without. */
const withoutPolicy = (why: RegExp): Row => {
  const told = { tells: new RegExp(`The policy is not looked at.*${why.source}`) };
  const noJob = { fails: /^There is no Job of run-of-the-table in .*`claude-k8s ps` lists/ };
  return { else: { fails: why }, ps: told, gc: told, logs: noJob, why: noJob, stop: noJob };
};

const TABLE: Readonly<Record<Condition, Row>> = {
  "no kubeconfig": all(/^No cluster is configured.* (Name one with --kubeconfig|Name a kubeconfig)/),
  "a kubeconfig that is not there": all(/nowhere\.yaml does not exist\. Name a file that exists/),
  "half a kubeconfig": all(
    /half\.yaml is not valid YAML \(line 3\)\. Check it with: kubectl config view --kubeconfig FILE$/,
  ),
  "a context that is not there": all(/has no context "nope"\. Its contexts are: \S+/),
  "no rights": all(
    /403 Forbidden.* The right that is missing: list jobs\.batch in namespace "kube-public"\. Have it granted/,
    {
      doctor: MAY_NOT,
      manifest: NOTHING,
    },
  ),
  "no right on pods": all(RIGHT, { ps: UNSEEN, gc: UNSEEN, doctor: MAY_NOT, manifest: NOTHING }),
  "a token that is not taken": all(/401 Unauthorized.* Check the credentials that the kubeconfig names/),
  "a plugin that fails": all(new RegExp(`no credentials are available: you are logged out\\.? ${CREDENTIALS.source}`)),
  "a plugin that is not there": all(new RegExp(`plugin no-such-plugin could not be started.* ${CREDENTIALS.source}`)),
  "a plugin that hangs": all(new RegExp(`plugin or login did not answer in time\\.? ${CREDENTIALS.source}`)),
  "a server that is away": all(new RegExp(`ECONNREFUSED|${REACHES.source}`)),
  "a server that takes no connection": all(new RegExp(`${REACHES.source}|${SLOW.source}`)),
  "a server that does not answer": all(SLOW),
  "a server that fails": all(/500.* Run it again later: the API server reported an error of its own\.$/),
  "a server that hangs up": all(REACHES),
  "a server that nobody vouches for": all(
    /certificate\.? Check the certificate authority and the server of the kubeconfig/,
  ),
  "a namespace that is not there": all(
    /^The cluster has no namespace nowhere-at-all\. Name another one with --namespace/,
    {
      doctor: { fails: /^There is no namespace nowhere-at-all\. Create it/ },
      manifest: NOTHING,
    },
  ),
  "half a policy": withoutPolicy(/limits\.graceSec.*Correct it/),
  "a policy that is not there": withoutPolicy(/no-policy\.yaml .*cannot be read.*Correct the path/),
};

variant(
  "each command says in time what happened and what to do",
  async () => {
    const withoutPods = await place.apart();
    await launchHeld(withoutPods, { agentId: "agent-a", runId: RUN });
    const giveBack = await takeRights(withoutPods, "pods", "list", "watch");
    const folder = join(cli.home, "..", "broken");
    await mkdir(folder);
    const agent = join(folder, "agent.yaml");
    await writeFile(agent, stringify({ image: "an-image:1", env: { ANTHROPIC_API_KEY: "a-key" } }));
    await using broken = await breakCluster(place, withoutPods, folder);
    const pod = { POD_NAME: "paperclip-0", POD_NAMESPACE: place.namespace };
    const paperclip = { PAPERCLIP_API_URL: place.paperclip.url, PAPERCLIP_AGENT_JWT_SECRET: TOKEN_SECRET };
    const commands: readonly (readonly [Name, ...string[]])[] = [
      ...([["ps"], ["logs", RUN], ["why", RUN], ["stop", RUN], ["gc"], ["policy"]] as const),
      ...([
        ["doctor", "--no-probe", "--config", agent],
        ["manifest", "--config", agent],
      ] as const),
    ];
    const cells = commands.flatMap((args) => [args, [...args, "--json"] as const]);
    const wrong: unknown[] = [];
    const meet = async (condition: Condition): Promise<void> => {
      const own = broken.conditions[condition];
      if (own === null) return;
      const env = { ...pod, ...paperclip, ...own };
      for (const [index, answer] of (await cli.together(cells, env)).entries()) {
        const [name, ...args] = cells[index] ?? ["ps"];
        const problem = problemOf(name, args.includes("--json"), answer, TABLE[condition]);
        if (problem !== null) wrong.push({ condition, name, args, problem, ...answer });
      }
      // Neither a plugin nor a connection that hangs keeps a process.
      if (/hangs$|connection$/.test(condition)) expect(await cli.run(["ps"], { env })).toMatchObject({ exitCode: 1 });
    };
    const queue = [...CONDITIONS];
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await meet(next);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    await giveBack();
    expect(wrong).toEqual([]);
  },
  180_000,
);

type Timed = Awaited<ReturnType<Cli["together"]>>[number];

/** Null: it is as the row has it. */
function problemOf(name: Name, json: boolean, answer: Timed, row: Row): string | null {
  const { stderr, stdout, exitCode, ms } = answer;
  if (ms > WITHIN_MS) return `it took ${Math.round(ms)} ms`;
  if (/^\s+at /m.test(stderr)) return "it shows a stack";
  const lines = stderr.split("\n").filter(Boolean);
  if (!lines.every((line) => line.startsWith(`claude-k8s ${name}: `))) return "a line does not say whose it is";
  if (json && !isJson(stdout)) return "it is no JSON";
  const cell = row[name] ?? row.else;
  if ("tells" in cell) {
    const isTold = cell.tells.test(stderr.trimEnd()) || (json && cell.tells.test(stdout));
    return exitCode === 0 && isTold ? null : "it does not tell what it can";
  }
  if (exitCode !== 1) return "it does not fail";
  const said = name === "doctor" ? findingOf(answer, json) : sentenceOf(answer, json);
  return said !== null && cell.fails.test(said) ? null : `it says: ${said}`;
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

interface InJson {
  readonly error: { readonly problems: readonly { readonly message: string; readonly fix: string | null }[] };
}

/** The last one; null where stdout has something else, or another one. */
function sentenceOf({ stdout, stderr }: Answer, json: boolean): string | null {
  const sentence =
    stderr
      .trimEnd()
      .split("\n")
      .at(-1)
      ?.replace(/^claude-k8s \w+: /, "") ?? "";
  if (!json) return stdout === "" ? sentence : null;
  const problem = (JSON.parse(stdout) as Partial<InJson>).error?.problems.at(-1);
  return [problem?.message, problem?.fix].filter(Boolean).join(" ") === sentence ? sentence : null;
}

interface Tested {
  readonly status: string;
  readonly checks: readonly { readonly level: string; readonly message: string; readonly hint?: string }[];
}

/** The first that is wrong, with its fix. */
function findingOf({ stdout }: Answer, json: boolean): string | null {
  if (!json) return /^wrong +(.*)\nfix +(.*)$/m.exec(stdout)?.slice(1).join(" ") ?? null;
  const { status, checks } = JSON.parse(stdout) as Tested;
  const found = checks.find(({ level }) => level === "error");
  return status === "fail" && found ? `${found.message} ${found.hint}` : null;
}
