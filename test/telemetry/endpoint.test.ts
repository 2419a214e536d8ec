/** PAPERCLIP_K8S_METRICS: what it may be, and an endpoint that harms nobody. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { metricsAddress } from "../../src/config/operator.ts";
import { serveMetrics } from "../../src/telemetry/prometheus/endpoint.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";

const set = (value: string) => metricsAddress({ PAPERCLIP_K8S_METRICS: value });

describe("PAPERCLIP_K8S_METRICS", () => {
  it.each([
    ["127.0.0.1:9464", "127.0.0.1", 9464],
    ["0.0.0.0:1", "0.0.0.0", 1],
    ["localhost:65535", "localhost", 65_535],
    ["[::1]:9464", "::1", 9464],
    ["[::]:9464", "::", 9464],
    [" 127.0.0.1:9464 ", "127.0.0.1", 9464],
  ])("%j is an address and a port", (text, host, port) => {
    expect(set(text)).toEqual({ host, port });
  });

  it("says nothing when it is blank or not set", () => {
    expect(set("  ")).toBeNull();
    expect(metricsAddress({})).toBeNull();
  });

  it.each([
    "9464",
    ":9464",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:0",
    "127.0.0.1:65536",
    "127.0.0.1:-1",
    "127.0.0.1:9464/metrics",
    "http://127.0.0.1:9464",
    "::1:9464",
    "[127.0.0.1]:9464",
    "256.0.0.1:9464",
    "example.com:9464",
    "yes",
  ])("%j is refused, with what it takes", (text) => {
    expect(() => set(text)).toThrow(
      `PAPERCLIP_K8S_METRICS: is ${JSON.stringify(text)}, which is no address and port. Set it to such as 127.0.0.1:9464 (or [::1]:9464), or unset it`,
    );
  });
});

const opened: AbortController[] = [];
const servers: Server[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.abort();
  for (const server of servers.splice(0)) server.close();
});

/** Serves on that port until the test ends, or until `stop`. */
function serve(port: number, telemetry = createTelemetry()) {
  const stop = new AbortController();
  opened.push(stop);
  const listening = Promise.withResolvers<number>();
  const told = Promise.withResolvers<string>();
  const messages: string[] = [];
  const done = serveMetrics({
    host: "127.0.0.1",
    port,
    log: (message) => {
      messages.push(message);
      told.resolve(message);
    },
    signal: stop.signal,
    telemetry,
    retryMs: 20,
    onListening: listening.resolve,
  });
  return { stop, listening: listening.promise, told: told.promise, messages, done };
}

async function ask(
  port: number,
  path: string,
  method = "GET",
): Promise<{ status: number; text: string; type: string }> {
  const asked = request({ host: "127.0.0.1", port, path, method }).end();
  const [response] = await once(asked, "response");
  let text = "";
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, text, type: response.headers["content-type"] ?? "" };
}

describe("the endpoint", () => {
  it("serves what is counted, under /metrics and nowhere else", async () => {
    const telemetry = createTelemetry();
    const port = await serve(0, telemetry).listening;
    telemetry.add("claude_k8s.runs", 3, { verdict: "completed" });
    telemetry.record("claude_k8s.run.duration", 7, { verdict: "completed" });
    const { status, text, type } = await ask(port, "/metrics");
    expect(status).toBe(200);
    expect(type).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(text).toContain('\nclaude_k8s_runs_total{verdict="completed"} 3\n');
    expect(text).toContain('\nclaude_k8s_run_duration_seconds_bucket{le="5",verdict="completed"} 0\n');
    expect(text).toContain('\nclaude_k8s_run_duration_seconds_bucket{le="10",verdict="completed"} 1\n');
    expect(text).toMatch(/\nnodejs_eventloop_delay_p99_seconds [0-9.]+\n/);
    expect((await ask(port, "/metrics?x=1")).status).toBe(200);
    expect(await ask(port, "/")).toMatchObject({ status: 404, text: "Metrics are at /metrics\n" });
    expect((await ask(port, "/metrics", "POST")).status).toBe(405);
  });

  it("has the series of each known label before anything happened, and of no other", async () => {
    const { text } = await ask(await serve(0).listening, "/metrics");
    expect(text).toContain('\nclaude_k8s_run_failures_total{code="claude_auth_required"} 0\n');
    expect(text).toContain("\nclaude_k8s_transcript_lines_total 0\n");
    expect(text).not.toContain("\nclaude_k8s_api_requests_total");
  });

  it("tells once that its port is taken, and serves as soon as it is free", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    servers.push(other);
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const endpoint = serve(port);
    expect(await endpoint.told).toBe(
      `Metrics are not served: 127.0.0.1:${port} (PAPERCLIP_K8S_METRICS) is taken by another program. It is tried again; nothing else is affected.`,
    );
    other.close();
    expect(await endpoint.listening).toBe(port);
    expect((await ask(port, "/metrics")).status).toBe(200);
    expect(endpoint.messages).toHaveLength(1);
  });

  it("gives its port to its successor, and leaves the telemetry", async () => {
    const telemetry = createTelemetry();
    const first = serve(0, telemetry);
    const port = await first.listening;
    const second = serve(port, telemetry);
    first.stop.abort();
    await first.done;
    expect(await second.listening).toBe(port);
    telemetry.add("claude_k8s.runs", 1, { verdict: "completed" });
    expect((await ask(port, "/metrics")).text).toContain('claude_k8s_runs_total{verdict="completed"} 1\n');
  });

  it("says of an address that is not this machine's that it is none", async () => {
    const stop = new AbortController();
    opened.push(stop);
    const told = await new Promise<string>((log) => {
      void serveMetrics({ host: "192.0.2.1", port: 9464, log, signal: stop.signal, telemetry: createTelemetry() });
    });
    expect(told).toContain("192.0.2.1:9464 (PAPERCLIP_K8S_METRICS) is no address of this machine");
  });
});

/** Evaluates an ES module's source in a process of its own, which ends by itself. */
async function inProcess(source: string, env: NodeJS.ProcessEnv): Promise<{ stdout: string; stderr: string }> {
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  const { PATH } = process.env;
  return promisify(execFile)(process.execPath, ["--input-type=module", "-e", source], {
    cwd,
    env: { PATH, ...env },
    timeout: 20_000,
  });
}

describe("a server that loads the adapter", () => {
  const LOAD = `const { createServerAdapter } = await import("./src/index.ts"); createServerAdapter();`;

  it("ends although it serves metrics, and serves them from its first moment", async () => {
    const port = await serve(0).listening;
    for (const each of opened.splice(0)) each.abort();
    const source = `${LOAD}
      for (;;) {
        const answer = await fetch("http://127.0.0.1:${port}/metrics").catch(() => null);
        if (answer) { console.log((await answer.text()).includes("claude_k8s_runs_active")); break; }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }`;
    const { stdout } = await inProcess(source, { PAPERCLIP_K8S_METRICS: `127.0.0.1:${port}` });
    expect(stdout).toBe("true\n");
  });

  it("hands the port on when it loads the adapter again, without a word", async () => {
    const port = await serve(0).listening;
    for (const each of opened.splice(0)) each.abort();
    const source = `const { createServerAdapter } = await import("./src/index.ts");
      const answers = async () => {
        for (;;) {
          const answer = await fetch("http://127.0.0.1:${port}/metrics").catch(() => null);
          if (answer?.ok) return;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      createServerAdapter();
      createServerAdapter();
      await answers();
      createServerAdapter();
      await answers();`;
    const { stdout, stderr } = await inProcess(source, { PAPERCLIP_K8S_METRICS: `127.0.0.1:${port}` });
    expect({ stdout, stderr }).toEqual({ stdout: "", stderr: "" });
  });

  it("goes on when the setting is nonsense, and says so", async () => {
    const { stdout, stderr } = await inProcess(`${LOAD} console.log("goes on");`, { PAPERCLIP_K8S_METRICS: "on" });
    expect(stdout).toBe("goes on\n");
    expect(stderr).toContain('[claude_k8s] Metrics are not served. PAPERCLIP_K8S_METRICS: is "on"');
  });

  it("loads nothing for it where it is not set", async () => {
    const source = `import { registerHooks } from "node:module";
      const loaded = [];
      registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
      ${LOAD}
      await new Promise((resolve) => setImmediate(resolve));
      console.log(loaded.filter((url) => /telemetry|prom-client|opentelemetry/.test(url)).length);`;
    expect((await inProcess(source, {})).stdout).toBe("0\n");
  });
});
