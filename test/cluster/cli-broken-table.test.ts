/**
 * Commands that ask the cluster, on each cluster that does not answer: they end in time, with one plain sentence of what
 * happened and one of what to do, and `--json` gives the same as JSON. Each way to fail meets one command, in turn.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { type Answer, type Cli, useCli } from "./support/cli.ts";
import type { Place } from "./support/place.ts";
import { usePlace } from "./support/use-place.ts";

let place: Place;
let cli: Cli;
usePlace((opened) => {
  place = opened;
});
useCli((opened) => {
  cli = opened;
});

/** Most milliseconds: the first request may take 15 s, and is made once more. */
const WITHIN_MS = 60_000;

interface Broken {
  readonly name: string;
  /** What comes before `: `, as the failing commands say it, and what to do. */
  readonly says: RegExp;
  /** Arguments behind the command's. */
  readonly where: () => Promise<readonly string[]>;
}

/** The suite's kubeconfig, changed. */
async function kubeconfig(name: string, change: (user: Record<string, unknown>, cluster: { server: string }) => void) {
  const config = parse(await readFile(place.kubeconfig, "utf8"));
  change(config.users[0].user, config.clusters[0].cluster);
  const file = join(cli.home, "..", `${name}.yaml`);
  await writeFile(file, stringify(config), { mode: 0o600 });
  return ["--kubeconfig", file];
}

const withExec = (name: string, command: string, ...args: string[]) =>
  kubeconfig(name, (user) => {
    for (const key of Object.keys(user)) delete user[key];
    user.exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command,
      args,
      interactiveMode: "Never",
      installHint: "Install the plugin of the cloud.",
    };
  });

const named = (namespace: string) => async () => ["--kubeconfig", place.kubeconfig, "-n", namespace];

const ANYWHERE: readonly Broken[] = [
  {
    name: "no kubeconfig",
    says: /^No cluster is configured.* Name one with --kubeconfig FILE, or run this in Paperclip's pod\.$/,
    where: async () => [],
  },
  {
    name: "a kubeconfig that is none",
    says: /half\.yaml is not valid YAML \(line 3\)\. Check it with: kubectl config view --kubeconfig FILE$/,
    where: async () => {
      const file = join(cli.home, "..", "half.yaml");
      await writeFile(file, "apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster");
      return ["--kubeconfig", file];
    },
  },
  {
    name: "no rights",
    says: /refused.*403 Forbidden.* The right that is missing: list jobs\.batch in namespace "kube-public"\. Have it granted/,
    where: named("kube-public"),
  },
  {
    name: "a server that is away",
    says: /cannot be reached: .*ECONNREFUSED.* Check that the cluster runs/,
    where: () =>
      kubeconfig("away", (_, cluster) => {
        cluster.server = "https://127.0.0.1:1";
      }),
  },
  {
    name: "a plugin that fails",
    says: /(plugin|exec|credentials).* Check the credentials of the kubeconfig/i,
    where: () => withExec("exec-fails", "sh", "-c", "echo you are logged out >&2; exit 1"),
  },
  {
    name: "a plugin that is not there",
    says: /no-such-plugin.* Check the credentials of the kubeconfig/,
    where: () => withExec("exec-missing", "no-such-plugin"),
  },
  {
    name: "a plugin that hangs",
    says: /failed: no credentials are available: the kubeconfig's credential plugin or login did not answer in time\. Check the credentials of the kubeconfig/,
    where: () => withExec("exec-hangs", "sleep", "600"),
  },
];

/** What the devcluster's own faults make of a namespace. */
const FAULTS: readonly Broken[] = [
  {
    name: "a server that fails",
    says: /500.* Run it again later: the API server reported an error of its own\.$/,
    where: () => {
      place.devcluster?.faults.add({
        match: { path: /\/namespaces\/failing\// },
        action: { kind: "respond", code: 500 },
      });
      return named("failing")();
    },
  },
  {
    name: "a server that hangs",
    says: /.* Run it again later: the API server is slow or cannot be reached\.$/,
    where: () => {
      place.devcluster?.faults.add({
        match: { path: /\/namespaces\/hanging\// },
        action: { kind: "delay", milliseconds: 60_000 },
      });
      return named("hanging")();
    },
  },
  {
    name: "a server that hangs up",
    says: /cannot be reached.* Check that the cluster runs/,
    where: () => {
      place.devcluster?.faults.add({
        match: { path: /\/namespaces\/cut\// },
        action: { kind: "drop", when: "before" },
      });
      return named("cut")();
    },
  },
  {
    name: "a namespace that is not there",
    says: /^The cluster has no namespace nowhere-at-all\. Name another one with --namespace/,
    where: async () => ["--kubeconfig", place.adminKubeconfig, "-n", "nowhere-at-all"],
  },
];

const COMMANDS = [["ps"], ["logs", "run-1"], ["why", "run-1"], ["stop", "run-1"], ["gc"]];

interface InJson {
  readonly error: {
    readonly problems: readonly { readonly message: string; readonly fix: string | null }[];
    readonly exitCode: number;
  };
}

it("each command says in time what happened and what to do", async () => {
  const conditions = place.devcluster ? [...FAULTS, ...ANYWHERE] : ANYWHERE;
  const asked: (() => Promise<{ about: string; says: RegExp; json: boolean; ms: number; answer: Answer }>)[] = [];
  for (const [row, { name, says, where }] of conditions.entries()) {
    const args = await where();
    const command = COMMANDS[row % COMMANDS.length] ?? [];
    const json = row % 2 === 0;
    asked.push(async () => {
      const began = performance.now();
      const answer = await cli.run([...command, ...args, ...(json ? ["--json"] : [])]);
      return { about: `${command[0]} on ${name}`, says, json, ms: performance.now() - began, answer };
    });
  }
  const wrong: unknown[] = [];
  for (const { about, says, json, ms, answer } of await Promise.all(asked.map((ask) => ask()))) {
    const { exitCode, stdout, stderr } = answer;
    const [command = ""] = about.split(" ");
    const sentence = stderr.trimEnd().split("\n").at(-1)?.replace(`claude-k8s ${command}: `, "") ?? "";
    const isPlain = says.test(sentence) && !/^\s+at /m.test(stderr) && stderr.startsWith(`claude-k8s ${command}: `);
    const problem = json ? (JSON.parse(stdout || "{}") as Partial<InJson>).error?.problems[0] : null;
    const isSame = problem === null ? stdout === "" : [problem?.message, problem?.fix].join(" ").trim() === sentence;
    if (exitCode !== 1 || !isPlain || !isSame || ms > WITHIN_MS) wrong.push({ about, ms: Math.round(ms), ...answer });
  }
  place.devcluster?.faults.clear();
  expect(wrong).toEqual([]);
}, 120_000);
