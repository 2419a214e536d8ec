import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { openCluster } from "../../../src/kubernetes/cluster.ts";
import { environmentProxy } from "../../../src/kubernetes/config/environment-proxy.ts";
import { exec } from "../../../src/kubernetes/exec/exec.ts";
import { pods } from "../../../src/kubernetes/resource-types.ts";
import { ApiServer, fixture, json, refuse } from "../support/api-server.ts";

// Real sockets on a machine that may be busy: nothing here waits that long when all is well.
vi.setConfig({ testTimeout: 30_000 });

const API = "https://10.96.0.1:443";
const PROXY = "http://proxy.example:3128";

describe("the proxy that the environment names", () => {
  test.each([
    [API, { HTTPS_PROXY: PROXY }, PROXY],
    [API, { https_proxy: PROXY }, PROXY],
    [API, { HTTPS_PROXY: PROXY, https_proxy: "http://other:1" }, PROXY],
    [API, { HTTPS_PROXY: "", https_proxy: PROXY }, PROXY],
    [API, { HTTP_PROXY: PROXY }, undefined],
    [API, { ALL_PROXY: PROXY }, undefined],
    ["http://10.96.0.1:8080", { HTTP_PROXY: PROXY }, PROXY],
    ["http://10.96.0.1:8080", { HTTPS_PROXY: PROXY }, undefined],
    [API, { HTTPS_PROXY: "proxy.example:3128" }, PROXY],
    [API, { HTTPS_PROXY: "https://user:word@proxy.example" }, "https://user:word@proxy.example"],
    [API, { HTTPS_PROXY: "socks5://proxy.example:1080" }, "socks5://proxy.example:1080"],
    [API, { HTTPS_PROXY: "::::" }, undefined],
    [API, {}, undefined],
  ])("%s with %j: %s", (server, env, proxy) => {
    expect(environmentProxy(new URL(server), env)).toBe(proxy);
  });

  test.each([
    "https://localhost:6443",
    "https://127.0.0.1:6443",
    "https://127.8.9.10",
    "https://[::1]:6443",
    "https://[::ffff:127.0.0.1]:6443",
  ])("is never asked for %s", (server) => {
    expect(environmentProxy(new URL(server), { HTTPS_PROXY: PROXY })).toBeUndefined();
  });

  test.each([
    ["https://api.example.org:6443", "*", false],
    ["https://api.example.org:6443", "example.org", false],
    ["https://example.org:6443", "example.org", false],
    ["https://api.example.org:6443", "other.net, .Example.ORG ,", false],
    ["https://API.example.org:6443", "*.example.org", false],
    ["https://example.org:6443", ".example.org", true],
    ["https://example.org:6443", "*.example.org", true],
    ["https://badexample.org:6443", "example.org", true],
    ["https://api.example.org:6443", "example.org:6443", false],
    ["https://api.example.org:6443", "example.org:443", true],
    ["https://api.example.org", "example.org:443", false],
    ["https://10.96.0.1", "10.96.0.1", false],
    ["https://10.96.0.1", "10.96.0.1:443", false],
    ["https://10.96.0.1", "10.96.0.1:6443", true],
    ["https://10.96.0.1", "10.96.0.0/12", false],
    ["https://10.96.0.1", "10.112.0.0/12", true],
    ["https://10.96.0.1", "10.96.0.0/33", true],
    ["https://10.96.0.1", "fd00::/8", true],
    ["https://[fd00::1]:6443", "fd00::/8", false],
    ["https://[fd00::1]:6443", "fd00::1", false],
    ["https://[fd00::1]:6443", "[fd00::1]:6443", false],
    ["https://[fd00::1]:6443", "[fd00::1]:443", true],
    ["https://api.example.org", ":443", true],
    ["https://api.example.org", "", true],
  ])("for %s with NO_PROXY %j is used: %s", (server, exceptions, used) => {
    const found = environmentProxy(new URL(server), { HTTPS_PROXY: PROXY, no_proxy: exceptions });
    expect(found).toBe(used ? PROXY : undefined);
  });
});

describe("a cluster behind it", () => {
  let server: ApiServer;
  let proxy: http.Server;
  let targets: (string | undefined)[];
  afterEach(async () => {
    proxy.close();
    proxy.closeAllConnections();
    await server.stop();
  });

  /** A server under a name that only the proxy knows; the kubeconfig says nothing of a proxy unless `cluster` does. */
  async function behindProxy(env: (proxy: string) => Record<string, string>, cluster: Record<string, string> = {}) {
    server = await ApiServer.start((seen, reply) => {
      if (seen.url.pathname.endsWith("/exec")) return refuse(reply, 403, "Forbidden", "no");
      return json(reply, 200, { metadata: { name: "p" } });
    }, "h2");
    const { port } = new URL(server.origin);
    targets = [];
    proxy = http.createServer().on("connect", (request, socket) => {
      targets.push(request.url);
      const onward = net.connect(Number(port), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        onward.pipe(socket).pipe(onward);
      });
      onward.on("error", () => socket.destroy());
      socket.on("error", () => onward.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const { port: proxyPort } = proxy.address() as AddressInfo;
    const { server: address = "https://kubernetes.test", ...more } = cluster;
    const kubeconfig = await server.kubeconfig({}, { ...more, server: `${address}:${port}` });
    const around = { env: env(`http://127.0.0.1:${proxyPort}`), serviceAccount: "/nowhere" };
    return { name: `kubernetes.test:${port}`, cluster: await openCluster({ kubeconfig }, around) };
  }

  test("is reached through it: calls over HTTP/2, a program in a pod over a WebSocket", async () => {
    const { cluster, name } = await behindProxy((url) => ({ HTTPS_PROXY: url, NO_PROXY: "10.0.0.0/8,.svc" }));
    const client = new KubernetesClient(cluster);
    expect((await client.get(pods, "runs", "p")).metadata.name).toBe("p");
    const request = { namespace: "runs", pod: "p", container: "main", command: ["true"] as const };
    const end = await exec(client.transport, request, () => undefined, new AbortController().signal);
    expect(end).toMatchObject({ kind: "refused", error: { status: 403 } });
    expect(server.seen.map(({ httpVersion }) => httpVersion)).toEqual(["2.0", "1.1"]);
    expect(new Set(targets)).toEqual(new Set([name]));
    await cluster.close();
  });

  test("is reached without it when NO_PROXY has it", async () => {
    // This machine, under an address that the rules do not take for it.
    const address = { server: "https://0.0.0.0", "tls-server-name": "kubernetes.test" };
    const { cluster } = await behindProxy((url) => ({ HTTPS_PROXY: url, NO_PROXY: "0.0.0.0/8" }), address);
    expect((await new KubernetesClient(cluster).get(pods, "runs", "p")).metadata.name).toBe("p");
    expect(targets).toEqual([]);
    await cluster.close();
  });

  test("the kubeconfig's own proxy-url wins", async () => {
    const nobody = "http://127.0.0.1:9";
    const { cluster } = await behindProxy((url) => ({ HTTPS_PROXY: url }), { "proxy-url": nobody });
    const call = new KubernetesClient(cluster, { retryForMs: 0 }).get(pods, "runs", "p");
    await expect(call).rejects.toMatchObject({ kind: "unreachable" });
    expect(targets).toEqual([]);
    await cluster.close();
  });

  test("is not reached through it in its own cluster, with the pod's service account", async () => {
    const { cluster: other } = await behindProxy(() => ({}));
    await other.close();
    const serviceAccount = await mkdtemp(path.join(tmpdir(), "service-account-"));
    await writeFile(path.join(serviceAccount, "token"), "sa-token");
    await copyFile(fixture("ca.crt"), path.join(serviceAccount, "ca.crt"));
    const { port } = new URL(server.origin);
    const { port: proxyPort } = proxy.address() as AddressInfo;
    const HTTPS_PROXY = `http://127.0.0.1:${proxyPort}`;
    // This machine, under an address that the rules do not take for it and its certificate does not have.
    const env = { HTTPS_PROXY, KUBERNETES_SERVICE_HOST: "0.0.0.0", KUBERNETES_SERVICE_PORT: port };
    const cluster = await openCluster({}, { env, serviceAccount });
    await expect(new KubernetesClient(cluster, { retryForMs: 0 }).get(pods, "runs", "p")).rejects.toThrow();
    expect(targets).toEqual([]);
    await cluster.close();
    await rm(serviceAccount, { recursive: true });
  });
});
