import { afterEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { parse } from "yaml";
import type { Devcluster } from "../../src/index.ts";
import type { Client } from "./client.ts";
import { pod } from "./objects.ts";
import { useCluster } from "./use-cluster.ts";

const PODS = "/api/v1/namespaces/default/pods";

let cluster: Devcluster;
let api: Client;

useCluster(async (opened, client) => {
  [cluster, api] = [opened, client];
  const container = { command: ["sleep", "3600"] };
  const spec = { schedulerName: "default-scheduler", terminationGracePeriodSeconds: 1 };
  await api.call("POST", PODS, { body: pod("alive", { container, spec }) });
  await api.call("POST", PODS, { body: pod("over", { container: { command: ["true"] }, spec }) });
  await api.call("POST", PODS, { body: pod("nowhere") });
  const phase = (name: string) => cluster.store.get("pods", "default", name)?.status;
  await vi.waitFor(() => expect(phase("alive")).toMatchObject({ phase: "Running" }), 20_000);
  await vi.waitFor(() => expect(phase("over")).toMatchObject({ phase: "Succeeded" }), 20_000);
});
afterEach(() => cluster.faults.clear());

interface Exec {
  /** Of the refusal. */
  readonly code?: number;
  readonly refusal?: string;
  readonly protocol?: string;
  readonly out: string;
  readonly err: string;
  readonly status?: Record<string, unknown>;
  readonly closed: number;
}

interface Asked {
  readonly name?: string;
  readonly more?: string;
  readonly kubeconfig?: string;
  readonly protocols?: string[];
  /** Called with each message of the program's; the socket may be ended there. */
  readonly heard?: (socket: WebSocket) => void;
  /** Sent on stdin, at once. */
  readonly input?: Buffer;
}

/** Runs a line of sh in a pod; resolves when the connection is closed, or was refused. */
function exec(script: string, asked: Asked = {}): Promise<Exec> {
  const { name = "alive", more = "", protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"], heard, input } = asked;
  const { clusters, users } = parse(asked.kubeconfig ?? cluster.kubeconfig);
  const query = new URLSearchParams({ stdout: "true", stderr: "true" });
  for (const word of ["sh", "-c", script]) query.append("command", word);
  const socket = new WebSocket(
    `${cluster.url.replace("https", "wss")}${PODS}/${name}/exec?${query}${more}`,
    protocols,
    {
      ca: Buffer.from(clusters[0].cluster["certificate-authority-data"], "base64"),
      headers: { authorization: `Bearer ${users[0].user.token}` },
    },
  );
  if (input) socket.on("open", () => socket.send(Buffer.concat([Buffer.of(0), input])));
  const streams = ["", "", "", ""];
  socket.on("message", (data: Buffer) => {
    const channel = data[0] ?? 0;
    streams[channel] += data.subarray(1).toString();
    heard?.(socket);
  });
  return new Promise((resolve) => {
    // The close that follows is told.
    socket.on("error", () => undefined);
    socket.on("unexpected-response", (_, response) => {
      let text = "";
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => {
        resolve({ code: response.statusCode ?? 0, refusal: JSON.parse(text).message, out: "", err: "", closed: 0 });
      });
    });
    socket.on("close", (closed) => {
      const [, out = "", err = "", status] = streams;
      const { protocol } = socket;
      resolve({ protocol, out, err, closed, ...(status ? { status: JSON.parse(status) } : {}) });
    });
  });
}

const LONG = "i=0; while [ $i -lt 1000 ]; do echo 123456789; i=$((i+1)); done; sleep 3600";

describe("pods/exec", () => {
  it("ends with the program's status and an orderly close", async () => {
    expect(await exec("echo out; echo err >&2")).toEqual({
      protocol: "v5.channel.k8s.io",
      out: "out\n",
      err: "err\n",
      status: { metadata: {}, status: "Success" },
      closed: 1000,
    });
    expect((await exec("exit 3")).status).toEqual({
      metadata: {},
      status: "Failure",
      reason: "NonZeroExitCode",
      message: "command terminated with non-zero exit code: command terminated with exit code 3",
      details: { causes: [{ reason: "ExitCode", message: "3" }] },
    });
  });

  // Well below the half minute after which a WebSocket that waits for the other side's close gives up.
  it("ends with a program that does not read its stdin", { timeout: 15_000 }, async () => {
    const input = Buffer.alloc(4 << 20);
    const { status, closed } = await exec("sleep 0.2; exit 3", { more: "&stdin=true", input });
    expect({ reason: status?.reason, closed }).toEqual({ reason: "NonZeroExitCode", closed: 1000 });
  });

  it("speaks v4 to whoever does not know v5, and refuses who knows neither", async () => {
    expect(await exec("echo out", { protocols: ["v4.channel.k8s.io"] })).toMatchObject({
      protocol: "v4.channel.k8s.io",
      out: "out\n",
      closed: 1000,
    });
    expect(await exec("echo out", { protocols: ["channel.k8s.io"] })).toMatchObject({ code: 400 });
  });

  it("tells of a container that does not run only when the connection stands, as a real one", async () => {
    expect(await exec("true", { name: "over" })).toMatchObject({
      status: {
        code: 500,
        message: 'Internal error occurred: unable to upgrade connection: container not found ("main")',
      },
    });
  });

  it.each([
    ["a pod that is not there", { name: "nobody" }, 404, 'pods "nobody" not found'],
    ["a pod without a node", { name: "nowhere" }, 400, "pod nowhere does not have a host assigned"],
    ["a container that is not there", { more: "&container=other" }, 400, "container other is not valid for pod alive"],
    ["a terminal", { more: "&tty=true" }, 400, "devcluster: there are no terminals here; leave out --tty"],
  ])("refuses %s", async (_, asked, code, refusal) => {
    expect(await exec("true", asked)).toMatchObject({ code, refusal });
  });

  it("refuses to answer without a WebSocket", async () => {
    const plain = await api.call("GET", `${PODS}/alive/exec?command=true&stdout=true`);
    expect(plain).toMatchObject({ code: 400, body: { message: "Upgrade request required" } });
  });

  it.each([
    [["get"], "create"],
    [["create"], "get"],
  ])("refuses whoever may only %j on pods/exec", async (verbs, lacking) => {
    const name = `only-${verbs.join()}`;
    const metadata = { name, namespace: "default" };
    cluster.store.create("serviceaccounts", { metadata });
    cluster.store.create("roles", { metadata, rules: [{ apiGroups: [""], resources: ["pods/exec"], verbs }] });
    cluster.store.create("rolebindings", {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name, namespace: "default" }],
    });
    const kubeconfig = cluster.kubeconfigOf("default", name);
    const refusal = expect.stringContaining(`cannot ${lacking} resource "pods/exec" in API group "" in the namespace`);
    expect(await exec("true", { kubeconfig })).toMatchObject({ code: 403, refusal });
    cluster.store.mutate("roles", "default", name, (role) => {
      role.rules = [{ apiGroups: [""], resources: ["pods/exec"], verbs: ["get", "create"] }];
    });
    expect(await exec("true", { kubeconfig })).toMatchObject({ status: { status: "Success" } });
  });

  it("notes each request with its user and answer", async () => {
    cluster.requests.clear();
    await exec("true");
    await exec("true", { name: "nobody" });
    const [done, refused] = cluster.requests.matching("GET", /\/exec$/);
    expect(done).toMatchObject({ status: 101, user: "devcluster-admin", query: expect.stringContaining("command=sh") });
    expect(refused).toMatchObject({ status: 404 });
  });

  it("lets the program live when the client leaves: it finds out when it writes", async () => {
    const script = `trap '' PIPE; while echo here; do sleep 0.05; done 2>/dev/null; echo "told: $?" >"$TMPDIR/end"`;
    expect(await exec(script, { heard: (socket) => socket.terminate() })).toMatchObject({ closed: 1006 });
    await expect.poll(async () => (await exec('cat "$TMPDIR/end"')).out, { timeout: 20_000 }).toMatch(/^told: \d+\n$/);
  });
});

describe("faults of pods/exec", () => {
  const match = { path: /\/exec$/ };

  it("answers with an error", async () => {
    const fault = cluster.faults.add({ match, action: { kind: "respond", code: 503 }, count: 1 });
    expect(await exec("true")).toMatchObject({ code: 503 });
    expect(fault.hits).toBe(1);
  });

  it("drops the connection before the handshake", async () => {
    cluster.faults.add({ match, action: { kind: "drop", when: "before" }, count: 1 });
    expect(await exec("true")).toMatchObject({ protocol: "", closed: 1006 });
  });

  it("cuts it in the middle, visibly or not", async () => {
    cluster.faults.add({ match, action: { kind: "cut", end: "reset", afterBytes: 2345 }, count: 1 });
    const reset = await exec(LONG);
    expect(reset).toMatchObject({ closed: 1006 });
    expect(reset.out).toHaveLength(2345);
    cluster.faults.add({ match, action: { kind: "cut", end: "clean", afterBytes: 2345 }, count: 1 });
    const clean = await exec(LONG);
    expect(clean).toMatchObject({ closed: 1000 });
    expect(clean.out).toHaveLength(2345);
    expect(clean.status).toBeUndefined();
  });

  it("falls silent, until the API server restarts", async () => {
    cluster.faults.add({ match, action: { kind: "stall", afterBytes: 2345 }, count: 1 });
    let heard = 0;
    const ended = exec(LONG, { heard: () => heard++ });
    await expect.poll(() => heard).toBeGreaterThan(0);
    expect(await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 300, "silent"))])).toBe("silent");
    cluster.cutConnections();
    const { out, closed } = await ended;
    expect({ bytes: out.length, closed }).toEqual({ bytes: 2345, closed: 1006 });
  });
});
