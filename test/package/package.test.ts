/** The package as it is published: packed, unpacked beside nothing else, and used. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isLong } from "../support/thoroughness.ts";
import { otherCheckout } from "./support/other-checkout.ts";

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL("../..", import.meta.url));
const bin = (name: string): string => join(root, "node_modules/.bin", name);

let folder = "";
let unpacked = "";
let tarball = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "package-"));
  await run(process.execPath, [join(root, "scripts/build.ts")], { cwd: root });
  const { stdout } = await run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], {
    cwd: root,
  });
  const packed: unknown = JSON.parse(stdout);
  const [entry] = Array.isArray(packed) ? packed : Object.values(packed as Record<string, unknown>);
  tarball = join(folder, (entry as { filename: string }).filename);
  await run("tar", ["xzf", tarball, "-C", folder]);
  unpacked = join(folder, "package");
}, 300_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

const sha256 = (bytes: Buffer | undefined): string =>
  createHash("sha256")
    .update(bytes ?? "")
    .digest("hex");

/** Evaluates an ES module's source in a process of its own, in the unpacked package. */
async function evaluate(source: string): Promise<unknown> {
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", source], { cwd: unpacked });
  return JSON.parse(stdout);
}

describe("the packed package", () => {
  it("needs no second install: its entry, its CLI and its first run import nothing but Node's own modules", async () => {
    const manifest = JSON.parse(await readFile(join(unpacked, "package.json"), "utf8"));
    expect(manifest.dependencies).toBeUndefined();
    const { inputs, outputs } = JSON.parse(await readFile(join(root, "dist/meta.json"), "utf8"));
    expect(Object.keys(inputs).length).toBeGreaterThan(0);
    const external = Object.values<{ imports: { path: string; external?: boolean }[] }>(outputs)
      .flatMap(({ imports }) => imports)
      .filter((imported) => imported.external && !/^(node:)?[a-z_/0-9]+$/.test(imported.path));
    expect(external).toEqual([]);
  });

  it("loads without the Kubernetes client: the entry's import graph does not contain it", async () => {
    const { outputs } = JSON.parse(await readFile(join(root, "dist/meta.json"), "utf8")) as {
      outputs: Record<string, { imports: { path: string; kind: string }[]; inputs: Record<string, unknown> }>;
    };
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const { path, kind } of outputs[file]?.imports ?? []) if (kind === "import-statement") visit(path);
    };
    visit("dist/index.js");
    const inputs = [...reached].flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}));
    expect(inputs).toContain("src/index.ts");
    expect(inputs.filter((input) => /@kubernetes|undici|src\/kubernetes|src\/run\//.test(input))).toEqual([]);
    const lazy = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
    expect(lazy.some((input) => input.includes("@kubernetes/client-node"))).toBe(true);
  });

  it("gives Paperclip's loader a module with the contract's keys and flags", async () => {
    const shown = await evaluate(`
      const entry = await import("./dist/index.js");
      const adapter = entry.createServerAdapter();
      const schema = await adapter.getConfigSchema();
      console.log(JSON.stringify({
        type: entry.type, label: entry.label, adapter: adapter.type, doc: adapter.agentConfigurationDoc.length,
        functions: Object.keys(adapter).filter((key) => typeof adapter[key] === "function").sort(),
        flags: Object.fromEntries(Object.entries(adapter).filter(([, v]) => typeof v !== "function" && typeof v !== "object" && String(v).length < 60)),
        sessionManagement: adapter.sessionManagement, fields: schema.fields.length, models: (await adapter.listModels()).length,
      }));`);
    expect(shown).toMatchObject({
      type: "claude_k8s",
      label: "Claude (Kubernetes)",
      adapter: "claude_k8s",
      flags: {
        supportsLocalAgentJwt: true,
        supportsInstructionsBundle: true,
        instructionsPathKey: "instructionsFilePath",
        requiresMaterializedRuntimeSkills: false,
      },
      functions: expect.arrayContaining(["execute", "getConfigSchema", "listModels", "testEnvironment"]),
      sessionManagement: { supportsSessionResume: true, nativeContextManagement: "confirmed" },
    });
  });

  it("runs from where nothing else is installed: a bad kubeconfig is a result that says what to do", async () => {
    const result = await evaluate(`
      process.env.KUBECONFIG = "/nowhere/config";
      const adapter = (await import("./dist/index.js")).createServerAdapter();
      const result = await adapter.execute({
        runId: "r", agent: { id: "a", companyId: "c", name: "n", adapterType: "claude_k8s", adapterConfig: {} },
        runtime: { sessionId: null, sessionParams: null, sessionDisplayId: null, taskKey: null },
        config: {}, context: {}, onLog: async () => {},
      });
      console.log(JSON.stringify(result));`);
    expect(result).toMatchObject({ exitCode: null, errorCode: "k8s_kubeconfig_invalid" });
    expect((result as { errorMessage: string }).errorMessage).toContain("/nowhere/config");
  });

  it("reaches a cluster with what is bundled", async () => {
    const shown = await evaluate(`
      import { createServer } from "node:http";
      import { writeFile } from "node:fs/promises";
      process.env.KUBECONFIG = "kubeconfig";
      const asked = [];
      const server = createServer((request, response) => {
        asked.push(request.url);
        response.writeHead(403, { "content-type": "application/json" });
        response.end(JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", reason: "Forbidden", code: 403, message: "no" }));
      }).listen(0, "127.0.0.1", async () => {
        const cluster = { server: "http://127.0.0.1:" + server.address().port };
        await writeFile("kubeconfig", JSON.stringify({ apiVersion: "v1", kind: "Config", "current-context": "x",
          clusters: [{ name: "c", cluster }], users: [{ name: "u", user: {} }], contexts: [{ name: "x", context: { cluster: "c", user: "u" } }] }));
        const adapter = (await import("./dist/index.js")).createServerAdapter();
        const result = await adapter.execute({
          runId: "r", agent: { id: "a", companyId: "c", name: "n", adapterType: "claude_k8s", adapterConfig: {} },
          runtime: { sessionId: null, sessionParams: null, sessionDisplayId: null, taskKey: null },
          config: { image: "i" }, context: {}, onLog: async () => {},
        });
        server.close();
        console.log(JSON.stringify({ asked, errorCode: result.errorCode }));
      });`);
    expect(shown).toMatchObject({ errorCode: "k8s_concurrency_guard_unreachable" });
    expect((shown as { asked: string[] }).asked.join()).toContain("/apis/batch/v1/namespaces/default/jobs");
  });

  it("reports to the SDK of its host, though it brings a copy of OpenTelemetry's API of its own", async () => {
    const sdk = (name: string): string => pathToFileURL(require.resolve(`@opentelemetry/${name}`)).href;
    const shown = await evaluate(`
      const { trace, metrics } = (await import(${JSON.stringify(sdk("api"))})).default;
      const spans = (await import(${JSON.stringify(sdk("sdk-trace-base"))})).default;
      const meters = (await import(${JSON.stringify(sdk("sdk-metrics"))})).default;
      const traced = new spans.InMemorySpanExporter();
      trace.setGlobalTracerProvider(new spans.BasicTracerProvider({ spanProcessors: [new spans.SimpleSpanProcessor(traced)] }));
      const counted = new meters.InMemoryMetricExporter(meters.AggregationTemporality.CUMULATIVE);
      const reader = new meters.PeriodicExportingMetricReader({ exporter: counted, exportIntervalMillis: 1e8 });
      metrics.setGlobalMeterProvider(new meters.MeterProvider({ readers: [reader] }));
      process.env.KUBECONFIG = "/nowhere/config";
      const adapter = (await import("./dist/index.js")).createServerAdapter();
      await adapter.execute({
        runId: "r", agent: { id: "a", companyId: "c", name: "n", adapterType: "claude_k8s", adapterConfig: {} },
        runtime: { sessionId: null, sessionParams: null, sessionDisplayId: null, taskKey: null },
        config: {}, context: {}, onLog: async () => {},
      });
      await reader.forceFlush();
      const [span] = traced.getFinishedSpans().filter(({ name }) => name === "claude_k8s.run");
      const all = counted.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics).flatMap(({ metrics }) => metrics);
      const failures = all.find(({ descriptor }) => descriptor.name === "claude_k8s.run.failures").dataPoints;
      console.log(JSON.stringify({ span: span.attributes, status: span.status, failures: failures.map(({ attributes, value }) => ({ attributes, value })) }));
      await reader.shutdown();`);
    expect(shown).toMatchObject({
      span: { "paperclip.run.id": "r", "error.type": "k8s_kubeconfig_invalid" },
      status: { code: 2, message: expect.stringContaining("/nowhere/config") },
      failures: [{ attributes: { code: "k8s_kubeconfig_invalid" }, value: 1 }],
    });
  });

  it("serves metrics with what is bundled, where the operator wants that", async () => {
    const shown = await evaluate(`
      import { createServer } from "node:net";
      const port = await new Promise((resolve) => {
        const server = createServer().listen(0, "127.0.0.1", () => { const { port } = server.address(); server.close(() => resolve(port)); });
      });
      process.env.PAPERCLIP_K8S_METRICS = "127.0.0.1:" + port;
      (await import("./dist/index.js")).createServerAdapter();
      let answer = null;
      while (answer === null) {
        answer = await fetch("http://127.0.0.1:" + port + "/metrics").catch(() => null);
        if (answer === null) await new Promise((resolve) => setTimeout(resolve, 20));
      }
      console.log(JSON.stringify((await answer.text()).split("\\n").filter((line) => line.startsWith("# TYPE")).length));`);
    expect(shown).toBeGreaterThan(20);
  });

  it("carries a UI parser that works where Paperclip's page evaluates it", async () => {
    const source = await readFile(join(unpacked, "dist/ui-parser.cjs"), "utf8");
    expect(source).not.toMatch(/\bimport\b\s*[({"]|\brequire\(/);
    const module: { exports: Record<string, unknown> } = { exports: {} };
    new Function("exports", "module", "self", "globalThis", source)(module.exports, module, {}, {});
    const parse = module.exports.parseStdoutLine as (line: string, ts: string) => unknown[];
    expect(parse("plain words", "2026-01-01T00:00:00Z")).toEqual([
      { kind: "stdout", ts: "2026-01-01T00:00:00Z", text: "plain words" },
    ]);
    expect(JSON.parse(await readFile(join(unpacked, "package.json"), "utf8")).paperclip).toEqual({
      adapterUiParser: "1.0.0",
    });
  });

  it("has a command line", async () => {
    const { stdout } = await run(process.execPath, [join(unpacked, "dist/bin.js"), "--help"]);
    expect(stdout).toContain("claude-k8s");
  });

  it("has the policy's command and its schema for editors, which takes the examples", async () => {
    const bin = join(unpacked, "dist/bin.js");
    const example = join(unpacked, "docs/policies/company.yaml");
    const { stdout } = await run(process.execPath, [bin, "policy", example], { env: { PATH: process.env.PATH } });
    expect(stdout).toContain("timeoutSec: {max: 14400}");
    const schema = await evaluate(
      `console.log(JSON.stringify((await import("paperclip-adapter-claude-k8s/policy.schema.json", { with: { type: "json" } })).default));`,
    );
    const printed = await run(process.execPath, [bin, "policy", "--schema"]);
    expect(schema).toEqual(JSON.parse(printed.stdout));
    expect(schema).toMatchObject({ type: "object", properties: { allow: {}, clusters: {}, trust: {} } });
  });

  // Builds it a second time.
  it.skipIf(!isLong)(
    "is the same byte for byte from another folder, other permissions, other times",
    async () => {
      const other = await otherCheckout();
      try {
        // As an operator with a strict umask, elsewhere in the world, some years ago.
        const shell = `umask 077; "${process.execPath}" scripts/build.ts && npm pack --ignore-scripts --silent --pack-destination "$OUT"`;
        const env = { ...process.env, TZ: "Asia/Tokyo", LC_ALL: "C", OUT: other.folder };
        await run("sh", ["-c", shell], { cwd: other.checkout, env });
        const [here, there] = await Promise.all(
          [tarball, join(other.folder, basename(tarball))].map((file) => readFile(file)),
        );
        expect(sha256(there)).toBe(sha256(here));
      } finally {
        await other.remove();
      }
    },
    300_000,
  );

  it("passes publint and attw", async () => {
    await run(bin("publint"), ["--strict", tarball]);
    await run(bin("attw"), [tarball, "--profile", "esm-only"], { cwd: root });
  });
});
