import { describe, expect, it } from "vitest";
import { inheritedEnvironment } from "../../src/config/inherited-environment.ts";
import { operatorSettings } from "../../src/config/operator.ts";

const inherited = (env: NodeJS.ProcessEnv) => inheritedEnvironment(env, operatorSettings(env));
const names = (env: NodeJS.ProcessEnv): string[] => Object.keys(inherited(env).variables).toSorted();

/** What a Claude Code that Paperclip was started from, or a hardened service, has in its environment. */
const session = {
  CLAUDECODE: "1",
  CLAUDE_CODE_ENTRYPOINT: "cli",
  CLAUDE_CODE_SSE_PORT: "4711",
  CLAUDE_CODE_SESSION: "s",
  CLAUDE_CODE_SESSION_ID: "s",
  CLAUDE_CODE_SESSION_ACCESS_TOKEN: "t",
  CLAUDE_CODE_CHILD_SESSION: "1",
  CLAUDE_CODE_PARENT_SESSION: "s",
  CLAUDE_CODE_EXECPATH: "/Users/me/claude",
  CLAUDE_CODE_TMPDIR: "/Users/me/tmp",
  CLAUDE_CODE_SHELL: "/bin/zsh",
  CLAUDE_CODE_SUBPROCESS_ENV_SCRUB: "1",
  CLAUDE_CODE_API_KEY_FILE_DESCRIPTOR: "9",
  CLAUDE_CODE_OAUTH_TOKEN_FILE_DESCRIPTOR: "10",
  CLAUDE_CODE_WEBSOCKET_AUTH_FILE_DESCRIPTOR: "11",
  CLAUDE_CODE_OAUTH_REFRESH_TOKEN: "r",
  CLAUDE_CODE_REMOTE: "true",
  ANTHROPIC_UNIX_SOCKET: "/tmp/s",
  ANTHROPIC_SESSION_ID: "s",
};
const secrets = {
  DATABASE_URL: "postgres://u:p@db/x",
  BETTER_AUTH_SECRET: "s",
  PAPERCLIP_AGENT_JWT_SECRET: "s",
  PAPERCLIP_SECRETS_MASTER_KEY: "k",
};

describe("what a pod gets of Paperclip's own process", () => {
  it("is nothing of a session, and nothing that signs or stores", () => {
    expect(inherited({ ...session, ...secrets, PATH: "/bin", HOME: "/root" })).toEqual({ variables: {}, paths: {} });
  });

  it("is what reaches the model: provider, credential, endpoint, model, limits, proxy, telemetry", () => {
    const wanted = {
      ANTHROPIC_API_KEY: "k",
      ANTHROPIC_BASE_URL: "u",
      ANTHROPIC_CUSTOM_HEADERS: "h",
      ANTHROPIC_DEFAULT_OPUS_MODEL: "m",
      ANTHROPIC_DEFAULT_SONNET_MODEL_NAME: "m",
      ANTHROPIC_MODEL: "m",
      CLAUDE_CODE_ENABLE_TELEMETRY: "1",
      CLAUDE_CODE_MAX_OUTPUT_TOKENS: "1",
      CLAUDE_CODE_MAX_RETRIES: "1",
      CLAUDE_CODE_OAUTH_TOKEN: "t",
      HTTPS_PROXY: "p",
      OTEL_EXPORTER_OTLP_ENDPOINT: "o",
      no_proxy: "p",
    };
    expect(inherited({ ...wanted, ...session }).variables).toEqual(wanted);
    expect(names({ OTEL_SERVICE_NAME: "paperclip" })).toEqual([]);
  });

  it.each([
    ["Bedrock", { CLAUDE_CODE_USE_BEDROCK: "1" }, ["AWS_ACCESS_KEY_ID", "AWS_REGION"]],
    ["Bedrock behind a gateway", { ANTHROPIC_BEDROCK_BASE_URL: "u" }, ["AWS_ACCESS_KEY_ID", "AWS_REGION"]],
    [
      "Vertex",
      { CLAUDE_CODE_USE_VERTEX: "1", VERTEX_REGION_CLAUDE_HAIKU_4_5: "r", CLOUD_ML_REGION: "r" },
      ["GOOGLE_CLOUD_PROJECT"],
    ],
    [
      "Foundry",
      { CLAUDE_CODE_USE_FOUNDRY: "true", ANTHROPIC_FOUNDRY_API_KEY: "k", ANTHROPIC_FOUNDRY_RESOURCE: "r" },
      ["AZURE_CLIENT_SECRET"],
    ],
    ["Anthropic", { ANTHROPIC_API_KEY: "k" }, []],
  ])("has the cloud's credentials only with %s", (_, own, credentials) => {
    const clouds = {
      AWS_ACCESS_KEY_ID: "k",
      AWS_REGION: "r",
      AWS_WEB_IDENTITY_TOKEN_FILE: "/var/run/t",
      GOOGLE_CLOUD_PROJECT: "p",
      AZURE_CLIENT_SECRET: "s",
    };
    expect(names({ ...clouds, ...own })).toEqual([...Object.keys(own), ...credentials].toSorted());
  });

  it("is more where the operator names it, and less where he takes it away", () => {
    const env = {
      GH_TOKEN: "g",
      OPENAI_API_KEY: "o",
      OPENAI_ORG: "o",
      ANTHROPIC_MODEL: "m",
      NO_PROXY: "n",
      ...session,
    };
    expect(names({ ...env, PAPERCLIP_K8S_INHERIT_ENV: "GH_TOKEN, OPENAI_*, -ANTHROPIC_MODEL, -OPENAI_ORG" })).toEqual([
      "GH_TOKEN",
      "NO_PROXY",
      "OPENAI_API_KEY",
    ]);
    expect(names({ ...env, PAPERCLIP_K8S_INHERIT_ENV: "-ANTHROPIC_*,-NO_PROXY" })).toEqual([]);
  });

  it("reaches a session or a secret by its exact name, and never by a prefix", () => {
    const env = { ...session, ...secrets, CLAUDE_CODE_GLOB_HIDDEN: "1", PAPERCLIP_PUBLIC_URL: "u" };
    expect(names({ ...env, PAPERCLIP_K8S_INHERIT_ENV: "CLAUDE*,PAPERCLIP_*,DATABASE_*,BETTER_*" })).toEqual([
      "CLAUDE_CODE_GLOB_HIDDEN",
      "PAPERCLIP_K8S_INHERIT_ENV",
      "PAPERCLIP_PUBLIC_URL",
    ]);
    expect(names({ ...env, PAPERCLIP_K8S_INHERIT_ENV: "CLAUDE_CODE_TMPDIR" })).toEqual(["CLAUDE_CODE_TMPDIR"]);
  });

  it("has files and folders apart, unless the operator names them", () => {
    const env = { CLAUDE_CONFIG_DIR: "/paperclip/.claude", NODE_EXTRA_CA_CERTS: "/etc/ca.pem" };
    expect(inherited(env)).toEqual({ variables: {}, paths: env });
    const { CLAUDE_CONFIG_DIR, NODE_EXTRA_CA_CERTS } = env;
    expect(inherited({ ...env, PAPERCLIP_K8S_INHERIT_ENV: "NODE_EXTRA_CA_CERTS,-CLAUDE_CONFIG_DIR" })).toEqual({
      variables: { NODE_EXTRA_CA_CERTS },
      paths: {},
    });
    expect(inherited({ CLAUDE_CONFIG_DIR, GOOGLE_APPLICATION_CREDENTIALS: "/k.json" }).paths).toEqual({
      CLAUDE_CONFIG_DIR,
    });
    const vertex = { CLAUDE_CODE_USE_VERTEX: "1", GOOGLE_APPLICATION_CREDENTIALS: "/k.json" };
    expect(inherited(vertex).paths).toEqual({ GOOGLE_APPLICATION_CREDENTIALS: "/k.json" });
  });
});
