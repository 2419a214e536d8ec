import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withAgentHeader } from "../../src/paperclip/agent-header.ts";
import { buildEnvironment, type EnvironmentInput } from "../../src/paperclip/environment.ts";
import { isBelow } from "../../src/paperclip/paths.ts";
import { servicesForPod } from "../../src/paperclip/runtime-services.ts";

type Change = Partial<Omit<EnvironmentInput, "ctx">> & { readonly context?: Record<string, unknown>; own?: object };

const build = ({ context = {}, own = {}, ...change }: Change) =>
  buildEnvironment({
    ctx: {
      runId: "run-1",
      agent: { id: "agent-1", companyId: "company-1", name: "Ada", adapterType: "claude_k8s", adapterConfig: own },
      authToken: "token",
      context,
    },
    configured: {},
    inherited: {},
    inheritedPaths: {},
    apiUrl: "http://paperclip.agents.svc:3100",
    workspaceCwd: null,
    workingDirectory: "/paperclip/workspaces/ada",
    ownDirectory: "/paperclip/workspaces/ada",
    scratchFolder: "/scratch",
    seen: [],
    ...change,
  });

describe("an agent's environment", () => {
  it("puts the agent's own before Paperclip's process, and what Paperclip says of the run before both", () => {
    const { variables } = build({
      inherited: { ANTHROPIC_MODEL: "theirs", ANTHROPIC_BASE_URL: "theirs", PAPERCLIP_RUN_ID: "theirs" },
      configured: { ANTHROPIC_MODEL: "mine", PAPERCLIP_RUN_ID: "mine", PAPERCLIP_API_KEY: "mine", PAPERCLIP_X: "mine" },
    });
    expect(variables).toMatchObject({
      ANTHROPIC_MODEL: "mine",
      ANTHROPIC_BASE_URL: "theirs",
      PAPERCLIP_RUN_ID: "run-1",
      PAPERCLIP_API_KEY: "token",
      PAPERCLIP_X: "mine",
    });
  });

  it("hands on a folder of Paperclip's process only below the home that the pod shares", () => {
    const inheritedPaths = { CLAUDE_CONFIG_DIR: "/paperclip/.claude-team", NODE_EXTRA_CA_CERTS: "/etc/ssl/ca.pem" };
    const shared = build({ inheritedPaths, seen: ["/paperclip"] });
    expect(shared.variables.CLAUDE_CONFIG_DIR).toBe("/paperclip/.claude-team");
    expect(shared.variables).not.toHaveProperty("NODE_EXTRA_CA_CERTS");
    expect(shared.notes).toEqual([
      "NODE_EXTRA_CA_CERTS of Paperclip's own process is not set in the pod, which does not see /etc/ssl/ca.pem",
    ]);
    expect(build({ inheritedPaths }).variables).not.toHaveProperty("CLAUDE_CONFIG_DIR");
    const out = { CLAUDE_CONFIG_DIR: "/paperclip/../root/.claude" };
    expect(build({ inheritedPaths: out, seen: ["/paperclip"] }).variables).not.toHaveProperty("CLAUDE_CONFIG_DIR");
    const own = build({ inheritedPaths, configured: { CLAUDE_CONFIG_DIR: "/mine", NODE_EXTRA_CA_CERTS: "/mine.pem" } });
    expect(own.variables).toMatchObject({ CLAUDE_CONFIG_DIR: "/mine", NODE_EXTRA_CA_CERTS: "/mine.pem" });
    expect(own.notes).toEqual([]);
  });

  it("names the agent to the model's gateway as claude_local does, beside the headers that are set", () => {
    const header = "X-Anthropic-Agent-Id: agent-1";
    expect(build({}).variables.ANTHROPIC_CUSTOM_HEADERS).toBe(header);
    const team = "X-Team: a";
    expect(build({ inherited: { ANTHROPIC_CUSTOM_HEADERS: team } }).variables.ANTHROPIC_CUSTOM_HEADERS).toBe(
      `${team}\n${header}`,
    );
    const set = "X-Team: b\nx-anthropic-agent-id: other";
    expect(build({ configured: { ANTHROPIC_CUSTOM_HEADERS: set } }).variables.ANTHROPIC_CUSTOM_HEADERS).toBe(set);
  });

  it("never makes a second header of an agent's id", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (id) => {
        expect((withAgentHeader(undefined, id) ?? "").split(/[\r\n]/).length).toBe(1);
      }),
    );
    expect(withAgentHeader(undefined, "a\r\nAuthorization: b")).toBe("X-Anthropic-Agent-Id: aAuthorization: b");
  });

  it("turns a variable that names the workspace towards the pod's working directory", () => {
    const configured = { TOOL_WORKSPACE_CWD: "/host/w/", OTHER_WORKSPACE_CWD: "/elsewhere", TOOL: "/host/w" };
    const remote = { workspaceCwd: "/host/w", workingDirectory: "/paperclip/w" };
    expect(build({ configured, ...remote }).variables).toMatchObject({
      TOOL_WORKSPACE_CWD: "/paperclip/w",
      OTHER_WORKSPACE_CWD: "/elsewhere",
      TOOL: "/host/w",
    });
    const seen = { workspaceCwd: "/host/w", workingDirectory: "/host/w", seen: ["/host"] };
    expect(build({ configured, ...seen }).variables.TOOL_WORKSPACE_CWD).toBe("/host/w/");
  });

  it("names no workspace that a pod with Paperclip's home does not see", () => {
    const context = { paperclipWorkspace: { cwd: "/repos/x", worktreePath: "/repos/x", agentHome: "/paperclip/a" } };
    const { variables } = build({ context, seen: ["/paperclip"], workspaceCwd: "/repos/x" });
    expect(variables.PAPERCLIP_WORKSPACE_CWD).toBe("/paperclip/workspaces/ada");
    expect(variables).not.toHaveProperty("PAPERCLIP_WORKSPACE_WORKTREE_PATH");
    expect(variables.AGENT_HOME).toBe("/paperclip/a");
  });

  it("says which variables are about the run, and none that the agent or Paperclip's process brought", () => {
    const { aboutTheRun } = build({
      configured: { PAPERCLIP_DSN: "secret", AGENT_HOME: "/mine" },
      inherited: { PAPERCLIP_OTHER: "secret" },
    });
    expect(aboutTheRun.has("PAPERCLIP_RUN_ID")).toBe(true);
    for (const name of ["PAPERCLIP_DSN", "PAPERCLIP_OTHER", "AGENT_HOME"]) expect(aboutTheRun.has(name)).toBe(false);
  });
});

describe("a workspace's services", () => {
  const services = [
    {
      name: "web",
      url: "http://127.0.0.1:5173/app?x=1",
      health: { urls: ["http://localhost:5173", "http://[::1]:9/"] },
    },
    { name: "db", url: "http://db.example:5432", note: "listens on 127.0.0.1" },
  ];

  it("are given under the host by which the pod reaches Paperclip", () => {
    const context = { paperclipRuntimeServices: services, paperclipRuntimePrimaryUrl: "http://localhost:5173" };
    const { variables, notes } = build({ context });
    expect(variables.PAPERCLIP_RUNTIME_PRIMARY_URL).toBe("http://paperclip.agents.svc:5173");
    expect(JSON.parse(variables.PAPERCLIP_RUNTIME_SERVICES_JSON ?? "")).toEqual([
      {
        name: "web",
        url: "http://paperclip.agents.svc:5173/app?x=1",
        health: { urls: ["http://paperclip.agents.svc:5173", "http://paperclip.agents.svc:9/"] },
      },
      services[1],
    ]);
    expect(notes).toHaveLength(3);
    expect(notes.join("\n")).toContain(
      "http://paperclip.agents.svc:5173, which answers only where the service listens",
    );
  });

  it("are left out and named where pods know Paperclip by loopback alone", () => {
    for (const apiUrl of [null, "http://localhost:3100", "http://0.0.0.0:3100"]) {
      const given = servicesForPod(services, "https://127.1.2.3:1", { ip: null, apiUrl });
      expect(given.primaryUrl).toBeNull();
      expect(given.services).toEqual([{ name: "web", health: { urls: [] } }, services[1]]);
      expect(given.notes.join("\n")).toContain("set PAPERCLIP_K8S_API_URL");
    }
  });

  it("lead to Paperclip's own pod where that is known: its Service has one port alone", () => {
    for (const [ip, host] of [
      ["10.1.2.3", "10.1.2.3"],
      ["fd00::7", "[fd00::7]"],
    ] as const) {
      const given = servicesForPod(services, "http://127.0.0.1:8080", { ip, apiUrl: "http://paperclip.svc:3100" });
      expect(given.primaryUrl).toBe(`http://${host}:8080`);
      expect(given.notes.join("\n")).toContain(`the pod is given http://${host}:8080, which answers only where`);
    }
  });

  it("never lead to loopback, whatever they are", () => {
    const url = fc.webUrl().map((address) => address.replace(/\/\/[^/:?#]+/, "//127.0.0.1"));
    const value = fc.letrec((tie) => ({
      any: fc.oneof(url, fc.jsonValue(), fc.array(tie("any")), fc.dictionary(fc.string(), tie("any"))),
    })).any;
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value), fc.option(fc.constant("https://host.example")), (service, api) => {
        expect(JSON.stringify(servicesForPod([service], null, { ip: null, apiUrl: api }).services)).not.toMatch(
          /"https?:\/\/127\.0\.0\.1/,
        );
      }),
    );
  });
});

it("a path is below a folder as a whole name, and never by climbing out of it", () => {
  const paths = ["/a/b", "/a", "/a/", "/a/b/../c", "/ab", "/a/../ab", "/"];
  expect(paths.filter((path) => isBelow(path, "/a/"))).toEqual(["/a/b", "/a", "/a/", "/a/b/../c"]);
});
