import { execFile } from "node:child_process";
import { chmod, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { openCluster } from "../../../src/kubernetes/cluster.ts";
import { pods } from "../../../src/kubernetes/resource-types.ts";
import { ApiServer, fixture, type Handler, json, refuse } from "../support/api-server.ts";
import { LeapingClock } from "../support/clocks.ts";
import { eventually } from "../support/eventually.ts";

// Real sockets on a machine that may be busy: nothing here waits that long when all is well.
vi.setConfig({ testTimeout: 30_000 });

let server: ApiServer;
afterEach(() => server.stop());

const pod: Handler = (_, reply) => json(reply, 200, { metadata: { name: "p" } });
const ask = (client: KubernetesClient) => client.get(pods, "runs", "p", { retryForMs: 0 });
const authorizations = () => server.seen.map((seen) => seen.headers.authorization);

async function clientOf(user: object, cluster: object = {}, protocol: "plain" | "h1" | "h2" = "plain", handler = pod) {
  server = await ApiServer.start(handler, protocol);
  return new KubernetesClient(await server.cluster(user, cluster), { clock: new LeapingClock() });
}

/** An exec plugin that counts its runs in a file beside it and prints what `status` evaluates to. */
async function plugin(status: string): Promise<{ command: string; runs: () => Promise<string> }> {
  const directory = await server.directory();
  const command = path.join(directory, "login.sh");
  const count = path.join(directory, "count");
  await writeFile(count, "");
  await writeFile(command, `#!/bin/sh\nprintf x >> ${count}\nn=$(wc -c < ${count} | tr -d ' ')\n${status}\n`);
  await chmod(command, 0o755);
  return { command, runs: () => readFile(count, "utf8") };
}

function credential(fields: string): string {
  return `echo "{\\"apiVersion\\":\\"client.authentication.k8s.io/v1\\",\\"kind\\":\\"ExecCredential\\",\\"status\\":{${fields}}}"`;
}

describe("as whom requests are made", () => {
  test("user name and password", async () => {
    await ask(await clientOf({ username: "me", password: "pass" }));
    expect(authorizations()).toEqual([`Basic ${Buffer.from("me:pass").toString("base64")}`]);
  });

  test("nobody, where the context names no user's credentials", async () => {
    await ask(await clientOf({}));
    expect(authorizations()).toEqual([undefined]);
  });

  test("a token file is read anew, its newline is no part of the token, and a moment without it does no harm", async () => {
    server = await ApiServer.start(pod);
    const token = path.join(await server.directory(), "token");
    await writeFile(token, "first\n");
    const client = new KubernetesClient(await server.cluster({ tokenFile: token, token: "ignored" }));
    await ask(client);
    await writeFile(`${token}.new`, "second\n");
    await rename(`${token}.new`, token);
    await ask(client);
    await rm(token);
    await ask(client);
    expect(authorizations()).toEqual(["Bearer first", "Bearer second", "Bearer second"]);
  });

  test("a token file that was never there is said, and nothing is sent", async () => {
    const client = await clientOf({ tokenFile: "/nonexistent/token" });
    await expect(ask(client)).rejects.toMatchObject({
      kind: "credentials",
      ambiguous: false,
      message:
        'get pods "p" in namespace "runs" failed: no credentials are available: /nonexistent/token cannot be read (ENOENT)',
    });
    expect(server.seen).toEqual([]);
  });

  test.each(["tokenFile", "client-certificate", "client-key", "auth-provider"])(
    "a %s that is a pipe holds nobody up",
    async (field) => {
      server = await ApiServer.start(pod, "h2");
      const pipe = path.join(await server.directory(), "pipe");
      await promisify(execFile)("mkfifo", [pipe]);
      const value = field === "auth-provider" ? { name: "file", config: { tokenFile: pipe } } : pipe;
      const client = new KubernetesClient(await server.cluster({ [field]: value }));
      await expect(ask(client)).rejects.toMatchObject({
        kind: "credentials",
        message: expect.stringContaining(`${pipe} is no regular file`),
      });
      expect(server.seen).toEqual([]);
    },
  );

  test("a client certificate; when its file changes, new requests use the new one", async () => {
    server = await ApiServer.start(pod, "h2");
    const directory = await server.directory();
    const { copyFile } = await import("node:fs/promises");
    const use = async (name: string) => {
      await copyFile(fixture(`${name}.crt`), path.join(directory, "client.crt"));
      await copyFile(fixture(`${name}.key`), path.join(directory, "client.key"));
    };
    await use("alice");
    const user = {
      "client-certificate": path.join(directory, "client.crt"),
      "client-key": path.join(directory, "client.key"),
    };
    const client = new KubernetesClient(await server.cluster(user));
    await ask(client);
    await ask(client);
    await use("bob");
    await ask(client);
    expect(server.seen.map((seen) => seen.clientName)).toEqual(["alice", "alice", "bob"]);
    expect(server.connections).toBe(2);
  });
});

describe("exec plugins", () => {
  test("run once for many requests at once, and again when the credential has expired", async () => {
    server = await ApiServer.start(pod);
    const lasting = await plugin(credential('\\"token\\":\\"token-$n\\"'));
    const client = new KubernetesClient(await server.cluster({ exec: { apiVersion: "v1", command: lasting.command } }));
    await Promise.all([ask(client), ask(client), ask(client)]);
    await ask(client);
    expect(await lasting.runs()).toBe("x");
    expect(new Set(authorizations())).toEqual(new Set(["Bearer token-1"]));

    const expired = '\\"token\\":\\"old-$n\\",\\"expirationTimestamp\\":\\"2020-01-01T00:00:00Z\\"';
    const fleeting = await plugin(credential(expired));
    const other = new KubernetesClient(await server.cluster({ exec: { command: fleeting.command } }));
    await ask(other);
    await ask(other);
    expect(authorizations().slice(-2)).toEqual(["Bearer old-1", "Bearer old-2"]);
  });

  test("are told what kubectl tells them", async () => {
    server = await ApiServer.start(pod);
    const told = path.join(await server.directory(), "told");
    const { command } = await plugin(
      `printf %s "$KUBERNETES_EXEC_INFO:$EXTRA" > ${told}; ${credential('\\"token\\":\\"t\\"')}`,
    );
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command,
      env: [{ name: "EXTRA", value: "yes" }],
      provideClusterInfo: true,
    };
    await ask(new KubernetesClient(await server.cluster({ exec })));
    const text = await readFile(told, "utf8");
    expect(text.endsWith(":yes")).toBe(true);
    expect(JSON.parse(text.slice(0, -":yes".length))).toEqual({
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      spec: { interactive: false, cluster: { server: server.origin } },
    });
  });

  test("may give a client certificate", async () => {
    server = await ApiServer.start(pod, "h2");
    const pem = (name: string) => `$(awk '{printf "%s\\\\\\\\n", $0}' ${fixture(name)})`;
    const { command } = await plugin(
      credential(`\\"clientCertificateData\\":\\"${pem("alice.crt")}\\",\\"clientKeyData\\":\\"${pem("alice.key")}\\"`),
    );
    await ask(new KubernetesClient(await server.cluster({ exec: { command } })));
    expect(server.seen[0]?.clientName).toBe("alice");
  });

  test("run again after a 401, though the credential has not expired", async () => {
    server = await ApiServer.start((seen, reply) =>
      seen.headers.authorization === "Bearer token-1"
        ? refuse(reply, 401, "Unauthorized", "Unauthorized")
        : pod(seen, reply),
    );
    const { command, runs } = await plugin(credential('\\"token\\":\\"token-$n\\"'));
    await ask(new KubernetesClient(await server.cluster({ exec: { command } })));
    expect(authorizations()).toEqual(["Bearer token-1", "Bearer token-2"]);
    expect(await runs()).toBe("xx");
  });

  test("a 401 that stays is reported, and the plugin is not run for each request", async () => {
    server = await ApiServer.start((_, reply) => refuse(reply, 401, "Unauthorized", "Unauthorized"));
    const { command, runs } = await plugin(credential('\\"token\\":\\"token-$n\\"'));
    const client = new KubernetesClient(await server.cluster({ exec: { command } }), { clock: new LeapingClock() });
    const asked = { retryForMs: 0 };
    for (let count = 0; count < 5; count++)
      await expect(client.get(pods, "runs", "p", asked)).rejects.toMatchObject({ unauthorized: true });
    expect(await runs()).toBe("xx");
  });

  test.each([
    ["fails", "echo 'login failed: token=top-secret Bearer top-secret' >&2; exit 1", "login failed"],
    ["prints nothing", "exit 3", "failed without a message"],
    ["prints no JSON", "echo top-secret", "printed no valid ExecCredential"],
  ])("one that %s gives an error without its secrets", async (_, script, words) => {
    server = await ApiServer.start(pod);
    const { command } = await plugin(script);
    const client = new KubernetesClient(await server.cluster({ exec: { command } }));
    const error = await ask(client).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ kind: "credentials", message: expect.stringContaining(words) });
    expect(`${(error as Error).stack}`).not.toContain("top-secret");
    expect(server.seen).toEqual([]);
  });

  test("one that does not exist is named", async () => {
    const client = await clientOf({ exec: { command: "/nonexistent/login" } });
    await expect(ask(client)).rejects.toMatchObject({
      kind: "credentials",
      message: expect.stringContaining("/nonexistent/login"),
    });
  });

  test("one that hangs does not hold a request beyond its time", async () => {
    server = await ApiServer.start(pod);
    const { command } = await plugin(`${credential('\\"token\\":\\"late\\"')} > /dev/null; exec sleep 3`);
    const client = new KubernetesClient(await server.cluster({ exec: { command } }), { requestTimeoutMs: 50 });
    await expect(ask(client)).rejects.toMatchObject({ kind: "credentials" });
  });
});

describe("TLS", () => {
  test("a server that the kubeconfig's authority did not sign is not talked to, and not tried again", async () => {
    const client = await clientOf({}, { "certificate-authority": fixture("alice.crt") }, "h2");
    const error = await client.get(pods, "runs", "p").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: "unreachable", transient: false, ambiguous: false });
    expect(server.seen).toEqual([]);
    expect(server.connections).toBe(1);
  });

  test("insecure-skip-tls-verify and tls-server-name are honoured", async () => {
    await ask(await clientOf({}, { "certificate-authority": undefined, "insecure-skip-tls-verify": true }, "h2"));
    expect(server.seen).toHaveLength(1);
    await ask(new KubernetesClient(await server.cluster({}, { "tls-server-name": "kubernetes.test" })));
    const wrong = new KubernetesClient(await server.cluster({}, { "tls-server-name": "other.test" }));
    await expect(ask(wrong)).rejects.toMatchObject({ kind: "unreachable", transient: false });
  });

  test("a proxy carries the connection", async () => {
    server = await ApiServer.start(pod, "h2");
    const http = await import("node:http");
    const net = await import("node:net");
    const targets: (string | undefined)[] = [];
    const proxy = http.createServer().on("connect", (request, socket) => {
      targets.push(request.url);
      const [host, port] = (request.url ?? "").split(":");
      const onward = net.connect(Number(port), host, () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        onward.pipe(socket).pipe(onward);
      });
      onward.on("error", () => socket.destroy());
      socket.on("error", () => onward.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const { port } = proxy.address() as import("node:net").AddressInfo;
    const kubeconfig = await server.kubeconfig({}, { "proxy-url": `http://127.0.0.1:${port}` });
    const cluster = await openCluster({ kubeconfig });
    await ask(new KubernetesClient(cluster));
    await cluster.close();
    proxy.close();
    proxy.closeAllConnections();
    expect(targets).toEqual([new URL(server.origin).host]);
    await eventually(() => server.sockets.size === 0, "nothing stays open through the proxy");
  });
});

describe("a credential that the server refuses while many calls are under way", () => {
  const PARALLEL = 8;

  test("is renewed once, and every call is repeated with the new one", async () => {
    let refused = 0;
    const all = Promise.withResolvers<void>();
    server = await ApiServer.start(async (seen, reply) => {
      if (seen.headers.authorization !== "Bearer token-1") return pod(seen, reply);
      // All are sent with the old one before any is refused.
      if (++refused === PARALLEL) all.resolve();
      await all.promise;
      refuse(reply, 401, "Unauthorized", "Unauthorized");
    });
    const slow = await plugin(`[ "$n" = 1 ] || sleep 0.3; ${credential('\\"token\\":\\"token-$n\\"')}`);
    const client = new KubernetesClient(await server.cluster({ exec: { command: slow.command } }));
    const found = await Promise.all(Array.from({ length: PARALLEL }, () => ask(client)));
    expect(found.map(({ metadata }) => metadata.name)).toEqual(Array.from({ length: PARALLEL }, () => "p"));
    expect(await slow.runs()).toBe("xx");
  });

  test("is not renewed again for a call whose 401 comes late: the newer one is used", async () => {
    const late = Promise.withResolvers<void>();
    let first = true;
    server = await ApiServer.start(async (seen, reply) => {
      if (seen.headers.authorization !== "Bearer token-1") return pod(seen, reply);
      if (first) {
        first = false;
        await late.promise;
      }
      refuse(reply, 401, "Unauthorized", "Unauthorized");
    });
    const { command, runs } = await plugin(credential('\\"token\\":\\"token-$n\\"'));
    const clock = new LeapingClock();
    const client = new KubernetesClient(await server.cluster({ exec: { command } }), { clock });
    const early = ask(client);
    await eventually(() => server.seen.length === 1, "the first call arrives");
    await ask(client);
    await clock.sleep(60_000);
    late.resolve();
    expect((await early).metadata.name).toBe("p");
    expect(await runs()).toBe("xx");
  });

  test("and whose successor is refused too ends every call with the 401", async () => {
    server = await ApiServer.start((_, reply) => refuse(reply, 401, "Unauthorized", "Unauthorized"));
    const { command, runs } = await plugin(`sleep 0.1; ${credential('\\"token\\":\\"token-$n\\"')}`);
    const client = new KubernetesClient(await server.cluster({ exec: { command } }), { retryForMs: 0 });
    const ends = await Promise.allSettled(Array.from({ length: PARALLEL }, () => ask(client)));
    for (const end of ends) expect(end).toMatchObject({ status: "rejected", reason: { unauthorized: true } });
    expect(await runs()).toBe("xx");
    expect(server.seen.length).toBeLessThanOrEqual(2 * PARALLEL);
  });
});

describe("an exec plugin that fails", () => {
  test("once is asked again: the call goes on", async () => {
    server = await ApiServer.start(pod);
    const { command, runs } = await plugin(
      `[ "$n" -gt 1 ] || { echo "no route to host" >&2; exit 1; }; ${credential('\\"token\\":\\"token-$n\\"')}`,
    );
    const client = new KubernetesClient(await server.cluster({ exec: { command } }), { clock: new LeapingClock() });
    expect((await client.get(pods, "runs", "p")).metadata.name).toBe("p");
    expect(await client.create(pods, "runs", { metadata: { name: "p" } })).toMatchObject({ metadata: { name: "p" } });
    expect(await runs()).toBe("xx");
  });

  test("for good is given up within a quarter of a minute, with its own message", async () => {
    server = await ApiServer.start(pod);
    const { command, runs } = await plugin("echo 'log in again' >&2; exit 1");
    const clock = new LeapingClock();
    const client = new KubernetesClient(await server.cluster({ exec: { command } }), { clock });
    const error = await client.get(pods, "runs", "p").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: "credentials", message: expect.stringContaining("log in again") });
    const slept = clock.slept.reduce((sum, ms) => sum + ms, 0);
    expect(slept).toBeLessThanOrEqual(15_000);
    expect((await runs()).length).toBeLessThan(30);
    expect(server.seen).toEqual([]);
  });

  test("because it is not there is not asked again", async () => {
    const clock = new LeapingClock();
    server = await ApiServer.start(pod);
    const cluster = await server.cluster({ exec: { command: "/nonexistent/login" } });
    await expect(new KubernetesClient(cluster, { clock }).get(pods, "runs", "p")).rejects.toMatchObject({
      kind: "credentials",
    });
    expect(clock.slept).toEqual([]);
  });
});
