/**
 * The variables by which Claude Code reaches its model and reports on it, by exact name: those that 2.1.330 reads for
 * provider, credential, endpoint, model, limits, proxy and telemetry. Its other variables are about one session on one
 * machine (`CLAUDE_CODE_SSE_PORT`, `…_SESSION_ID`, `…_TMPDIR`, file descriptors): those of Paperclip's process must not
 * reach a pod.
 */

const perModel = (names: readonly string[]): string[] =>
  ["FABLE", "HAIKU", "OPUS", "SONNET"].flatMap((family) =>
    names.map((name) => `ANTHROPIC_DEFAULT_${family}_MODEL${name}`),
  );

const PROVIDER = [
  "CLAUDE_CODE_USE_ANTHROPIC_AWS",
  "CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD",
  "CLAUDE_CODE_USE_BEDROCK",
  "CLAUDE_CODE_USE_FOUNDRY",
  "CLAUDE_CODE_USE_GATEWAY",
  "CLAUDE_CODE_USE_MANTLE",
  "CLAUDE_CODE_USE_VERTEX",
  "CLAUDE_CODE_SKIP_ANTHROPIC_AWS_AUTH",
  "CLAUDE_CODE_SKIP_ANTHROPIC_GOOGLE_CLOUD_AUTH",
  "CLAUDE_CODE_SKIP_BEDROCK_AUTH",
  "CLAUDE_CODE_SKIP_FOUNDRY_AUTH",
  "CLAUDE_CODE_SKIP_MANTLE_AUTH",
  "CLAUDE_CODE_SKIP_VERTEX_AUTH",
];

/** Not CLAUDE_CODE_OAUTH_REFRESH_TOKEN: it can be used once, and the second pod would log the first one out. */
const CREDENTIAL = [
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_AUTH_TOKEN",
  "ANTHROPIC_AWS_API_KEY",
  "ANTHROPIC_FOUNDRY_API_KEY",
  "ANTHROPIC_FOUNDRY_AUTH_TOKEN",
  "CLAUDE_CODE_OAUTH_TOKEN",
  "CLAUDE_CODE_API_KEY_HELPER_TTL_MS",
];

const ENDPOINT = [
  "ANTHROPIC_BASE_URL",
  "ANTHROPIC_AWS_BASE_URL",
  "ANTHROPIC_AWS_WORKSPACE_ID",
  "ANTHROPIC_BEDROCK_BASE_URL",
  "ANTHROPIC_BEDROCK_MANTLE_BASE_URL",
  "ANTHROPIC_BEDROCK_REGION_PREFIX",
  "ANTHROPIC_BEDROCK_SERVICE_TIER",
  "ANTHROPIC_BETAS",
  "ANTHROPIC_CUSTOM_HEADERS",
  "ANTHROPIC_FOUNDRY_BASE_URL",
  "ANTHROPIC_FOUNDRY_RESOURCE",
  "ANTHROPIC_GOOGLE_CLOUD_BASE_URL",
  "ANTHROPIC_GOOGLE_CLOUD_LOCATION",
  "ANTHROPIC_GOOGLE_CLOUD_PROJECT",
  "ANTHROPIC_GOOGLE_CLOUD_WORKSPACE_ID",
  "ANTHROPIC_VERTEX_BASE_URL",
  "ANTHROPIC_VERTEX_PROJECT_ID",
  "CLAUDE_CODE_ATTRIBUTION_HEADER",
  "CLOUD_ML_REGION",
];

const MODEL = [
  "ANTHROPIC_MODEL",
  "ANTHROPIC_DEFAULT_MODEL",
  ...perModel(["", "_DESCRIPTION", "_NAME", "_SUPPORTED_CAPABILITIES"]),
  "ANTHROPIC_CUSTOM_MODEL_OPTION",
  "ANTHROPIC_CUSTOM_MODEL_OPTION_DESCRIPTION",
  "ANTHROPIC_CUSTOM_MODEL_OPTION_NAME",
  "ANTHROPIC_CUSTOM_MODEL_OPTION_SUPPORTED_CAPABILITIES",
  "ANTHROPIC_SMALL_FAST_MODEL",
  "ANTHROPIC_SMALL_FAST_MODEL_AWS_REGION",
  "CLAUDE_CODE_EFFORT_LEVEL",
  "CLAUDE_CODE_SUBAGENT_MODEL",
  "CLAUDE_CODE_WORKFLOW_SUBAGENT_MODEL",
];

const LIMIT = [
  "API_TIMEOUT_MS",
  "BASH_DEFAULT_TIMEOUT_MS",
  "BASH_MAX_OUTPUT_LENGTH",
  "BASH_MAX_TIMEOUT_MS",
  "CLAUDE_CODE_AUTO_COMPACT_WINDOW",
  "CLAUDE_CODE_CONNECT_TIMEOUT_MS",
  "CLAUDE_CODE_DISABLE_1M_CONTEXT",
  "CLAUDE_CODE_DISABLE_ADAPTIVE_THINKING",
  "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS",
  "CLAUDE_CODE_DISABLE_FAST_MODE",
  "CLAUDE_CODE_DISABLE_FEATURE_FLAGS",
  "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
  "CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK",
  "CLAUDE_CODE_DISABLE_THINKING",
  "CLAUDE_CODE_MAX_CONTEXT_TOKENS",
  "CLAUDE_CODE_MAX_OUTPUT_TOKENS",
  "CLAUDE_CODE_MAX_RETRIES",
  "CLAUDE_CODE_MAX_TOOL_USE_CONCURRENCY",
  "CLAUDE_CODE_NO_MODEL_FALLBACK",
  "DISABLE_AUTOUPDATER",
  "DISABLE_ERROR_REPORTING",
  "DISABLE_PROMPT_CACHING",
  "DISABLE_TELEMETRY",
  "DO_NOT_TRACK",
  "ENABLE_TOOL_SEARCH",
  "MAX_MCP_OUTPUT_TOKENS",
  "MAX_THINKING_TOKENS",
  "MCP_TIMEOUT",
  "MCP_TOOL_TIMEOUT",
];

const PROXY = [
  "ALL_PROXY",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "all_proxy",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "CLAUDE_CODE_CERT_STORE",
  "CLAUDE_CODE_PROXY_RESOLVES_HOSTS",
];

const TELEMETRY = [
  "CLAUDE_CODE_ENABLE_TELEMETRY",
  "CLAUDE_CODE_ENHANCED_TELEMETRY_BETA",
  "CLAUDE_CODE_OTEL_FLUSH_TIMEOUT_MS",
  "CLAUDE_CODE_OTEL_SHUTDOWN_TIMEOUT_MS",
];

/** One name for each model, so that a list would not know those of tomorrow; no other program has such. */
const FAMILIES = ["DISABLE_PROMPT_CACHING_*", "ENABLE_PROMPT_CACHING_1H*", "VERTEX_REGION_CLAUDE_*"];

/** By what they are for; `*` at the end is a prefix. */
export const MODEL_VARIABLE_GROUPS: Readonly<Record<string, readonly string[]>> = {
  provider: PROVIDER,
  credential: CREDENTIAL,
  endpoint: ENDPOINT,
  model: MODEL,
  limits: LIMIT,
  proxy: PROXY,
  telemetry: TELEMETRY,
  "each model's": FAMILIES,
};

export const MODEL_VARIABLES: readonly string[] = Object.values(MODEL_VARIABLE_GROUPS).flat();

/** Where Claude Code reports to OpenTelemetry; elsewhere they are for Paperclip's own traces. */
export const TELEMETRY_VARIABLES: readonly string[] = ["OTEL_*"];

/**
 * Only where the model is Amazon's: elsewhere such names may be Paperclip's own keys to its storage. Not the files of a
 * web identity, which a pod of its own does not have.
 */
export const AWS_VARIABLES: readonly string[] = [
  "AWS_REGION",
  "AWS_DEFAULT_REGION",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_BEARER_TOKEN_BEDROCK",
];

/** Only where the model is Google's. */
export const GOOGLE_VARIABLES: readonly string[] = ["GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION"];

/** Only where the model is Microsoft's. */
export const AZURE_VARIABLES: readonly string[] = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"];

/** Files and folders: a pod that does not see them must not be pointed at them. */
export const PATH_VARIABLES: readonly string[] = [
  "CLAUDE_CONFIG_DIR",
  "CLAUDE_CODE_CLIENT_CERT",
  "CLAUDE_CODE_CLIENT_KEY",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
];

/** The same where the model is Google's. */
export const GOOGLE_PATH_VARIABLES: readonly string[] = ["GOOGLE_APPLICATION_CREDENTIALS"];
