/** The part of the server's HTTP API that an operator's browser uses, and we too. */
import { type Answer, ask, call } from "./http.ts";
import type {
  AdapterInfo,
  Agent,
  Comment,
  Company,
  ConfigField,
  EnvironmentTest,
  Health,
  Issue,
  Json,
  LogEntry,
  Run,
  RunEvent,
} from "./records.ts";

export interface NewAgent {
  readonly name: string;
  readonly adapterConfig: Json;
  /** @default "claude_k8s" */
  readonly adapterType?: string;
  readonly runtimeConfig?: Json;
}

export class PaperclipApi {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  get<T>(path: string): Promise<T> {
    return call("GET", `${this.url}/api${path}`);
  }

  post<T>(path: string, body: unknown = {}): Promise<T> {
    return call("POST", `${this.url}/api${path}`, body);
  }

  /** Any answer, also a refusal. */
  ask(method: string, path: string, body?: unknown, token?: string): Promise<Answer> {
    return ask(method, `${this.url}/api${path}`, body, token);
  }

  health(): Promise<Health> {
    return this.get("/health");
  }

  createCompany(name: string): Promise<Company> {
    return this.post("/companies", { name });
  }

  createAgent(companyId: string, { adapterType = "claude_k8s", ...agent }: NewAgent): Promise<Agent> {
    return this.post(`/companies/${companyId}/agents`, { role: "engineer", adapterType, ...agent });
  }

  agents(companyId: string): Promise<Agent[]> {
    return this.get(`/companies/${companyId}/agents`);
  }

  agent(id: string): Promise<Agent> {
    return this.get(`/agents/${id}`);
  }

  updateAgent(id: string, changes: Json): Promise<Agent> {
    return call("PATCH", `${this.url}/api/agents/${id}`, changes);
  }

  /** An assigned task starts a run at once. */
  createIssue(
    companyId: string,
    issue: { title: string; description?: string; assigneeAgentId: string },
  ): Promise<Issue> {
    return this.post(`/companies/${companyId}/issues`, { status: "todo", ...issue });
  }

  issue(id: string): Promise<Issue> {
    return this.get(`/issues/${id}`);
  }

  comment(issueId: string, body: string): Promise<Comment> {
    return this.post(`/issues/${issueId}/comments`, { body });
  }

  comments(issueId: string): Promise<Comment[]> {
    return this.get(`/issues/${issueId}/comments`);
  }

  wakeup(agentId: string, request: Json): Promise<Json> {
    return this.post(`/agents/${agentId}/wakeup`, { source: "on_demand", triggerDetail: "manual", ...request });
  }

  run(id: string): Promise<Run> {
    return this.get(`/heartbeat-runs/${id}`);
  }

  /** Newest first. */
  runs(companyId: string, agentId: string): Promise<Run[]> {
    return this.get(`/companies/${companyId}/heartbeat-runs?agentId=${agentId}&limit=50`);
  }

  events(runId: string): Promise<RunEvent[]> {
    return this.get(`/heartbeat-runs/${runId}/events?afterSeq=0&limit=500`);
  }

  /** The whole log, in order. */
  async log(runId: string): Promise<LogEntry[]> {
    let text = "";
    for (let offset = 0; ; ) {
      const page = await this.get<{ content: string; nextOffset?: number }>(
        `/heartbeat-runs/${runId}/log?offset=${offset}&limitBytes=1000000`,
      );
      text += page.content;
      if (page.nextOffset === undefined || page.nextOffset <= offset || page.content === "") break;
      offset = page.nextOffset;
    }
    return text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as LogEntry);
  }

  cancel(runId: string): Promise<Answer> {
    return this.ask("POST", `/heartbeat-runs/${runId}/cancel`, {});
  }

  installAdapter(packageName: string, isLocalPath: boolean): Promise<Json> {
    return this.post("/adapters/install", { packageName, isLocalPath });
  }

  adapters(): Promise<AdapterInfo[]> {
    return this.get("/adapters");
  }

  reloadAdapter(type: string): Promise<Json> {
    return this.post(`/adapters/${type}/reload`);
  }

  configSchema(type: string): Promise<{ fields: ConfigField[] }> {
    return this.get(`/adapters/${type}/config-schema`);
  }

  uiParser(type: string): Promise<string> {
    return this.get(`/adapters/${type}/ui-parser.js`);
  }

  models(companyId: string, type: string): Promise<{ id: string; label: string }[]> {
    return this.get(`/companies/${companyId}/adapters/${type}/models`);
  }

  testEnvironment(companyId: string, type: string, adapterConfig: Json): Promise<EnvironmentTest> {
    return this.post(`/companies/${companyId}/adapters/${type}/test-environment`, { adapterConfig });
  }

  /** What an operator does when Paperclip holds a task back because it does not know what a lost run did. */
  resolveRecovery(issueId: string, resolution: Json): Promise<Json> {
    return this.post(`/issues/${issueId}/recovery-actions/resolve`, resolution);
  }
}
