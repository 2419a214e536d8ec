/** Everything an end-to-end story needs: a server with our adapter installed, a cluster, a scripted model, a company. */
import type { ScriptedModel } from "../../demo/scripted-model/index.ts";
import { createHome, type PaperclipHome } from "../host/home.ts";
import { packageFolder } from "../host/install.ts";
import { type Agent, type Company, type Issue, isOver, type Json, type Run } from "../host/records.ts";
import { bootServer, type PaperclipServer, type ServerOptions } from "../host/server.ts";
import { until } from "../host/until.ts";
import { openDevcluster, openRealCluster } from "./cluster.ts";
import { createOperator, type Operator } from "./operator.ts";
import { openDoorway, startModel } from "./reach.ts";
import { perform, type Scene } from "./scenes.ts";
import type { RealCluster, StageCluster } from "./stage-cluster.ts";

export interface StageOptions {
  /** What the agents do, by the marker in their task. @default one scene: look around, comment, finish */
  readonly scenes?: Readonly<Record<string, Scene>>;
  /** Variables of the server's process: the operator's settings. */
  readonly env?: Readonly<Record<string, string>>;
  /** Rules of the operator's policy beside those that the agents of the stage need. */
  readonly policy?: Json;
  /** @default a devcluster */
  readonly cluster?: RealCluster | null;
  /** The devcluster does everything in order but without the measured waiting. @default true */
  readonly fast?: boolean;
  /** Where to install the adapter from. @default the checkout's build; null installs nothing */
  readonly adapter?: string | null;
  readonly company?: string;
  readonly say?: (text: string) => void;
  /** Aborted when nobody wants it any more. */
  readonly signal?: AbortSignal;
}

interface Parts {
  readonly home: PaperclipHome;
  readonly operator: Operator;
  readonly cluster: StageCluster;
  readonly model: ScriptedModel;
  readonly modelUrl: string;
  readonly env: Readonly<Record<string, string>>;
  readonly undo: AsyncDisposableStack;
}

export class Stage implements AsyncDisposable {
  readonly home: PaperclipHome;
  readonly cluster: StageCluster;
  readonly model: ScriptedModel;
  readonly #parts: Parts;
  #server: PaperclipServer;
  readonly company: Company;

  private constructor(parts: Parts, server: PaperclipServer, company: Company) {
    this.home = parts.home;
    this.cluster = parts.cluster;
    this.model = parts.model;
    this.company = company;
    this.#parts = parts;
    this.#server = server;
  }

  static async open(options: StageOptions = {}): Promise<Stage> {
    const { scenes = {}, cluster: real = null, fast = true, say = () => {}, company = "End to end" } = options;
    const { adapter = packageFolder, policy = {}, signal } = options;
    // Whatever was begun is undone in reverse, also when a later step fails.
    await using undo = new AsyncDisposableStack();
    const home = undo.adopt(await createHome(), (value) => value.remove());
    const operator = undo.adopt(await createOperator(home.user), (value) => value.remove());
    say(real ? `cluster: that of ${real.kubeconfig}` : "cluster: starting the devcluster");
    const cluster = await (real ? openRealCluster(operator, real) : openDevcluster(home, operator, fast));
    await operator.layDown({ ...rulesFor(cluster), ...policy });
    let owner: Company | null = null;
    undo.defer(() => cluster.stop(owner?.id ?? null));
    signal?.throwIfAborted();
    const { model, url: modelUrl } = await startModel(perform(scenes), cluster);
    undo.defer(() => model.stop());
    say("Paperclip: booting the real server in a throw-away home (a first boot takes 10 to 30 s)");
    let server: PaperclipServer | null = null;
    const doorway = await openDoorway(cluster, () => server?.port ?? 0);
    undo.defer(() => doorway.stop());
    const env = { ...doorway.env, ...operator.env, ...options.env };
    server = await bootServer({ home, env, ...(signal ? { signal } : {}) });
    const { api, stop, url, bootMs } = server;
    undo.defer(stop);
    say(`Paperclip: ready at ${url} after ${(bootMs / 1000).toFixed(1)} s`);
    if (adapter !== null) await api.installAdapter(adapter, true);
    owner = await api.createCompany(company);
    return new Stage({ home, operator, cluster, model, modelUrl, env, undo: undo.move() }, server, owner);
  }

  get server(): PaperclipServer {
    return this.#server;
  }

  /** Address of the scripted model, as pods and this machine reach it. */
  get modelUrl(): string {
    return this.#parts.modelUrl;
  }

  get operator(): Operator {
    return this.#parts.operator;
  }

  get api(): PaperclipServer["api"] {
    return this.#server.api;
  }

  /** What an operator types on the agent's page; the cluster is the policy's. */
  agentConfig(more: Json = {}): Json {
    const { image, homeClaim } = this.cluster;
    const { env, ...rest } = more as { env?: Json };
    return {
      image,
      ...(homeClaim ? { homeClaim } : {}),
      model: "claude-sonnet-5",
      graceSec: 5,
      "resources.requests.cpu": "100m",
      "resources.requests.memory": "256Mi",
      env: modelEnvironment(this.#parts.modelUrl, env),
      ...rest,
    };
  }

  agent(name: string, config: Json = {}): Promise<Agent> {
    return this.api.createAgent(this.company.id, { name, adapterConfig: this.agentConfig(config) });
  }

  async task(agent: Agent, title: string, description = ""): Promise<{ issue: Issue; run: Run }> {
    const before = new Set((await this.api.runs(this.company.id, agent.id)).map(({ id }) => id));
    const issue = await this.api.createIssue(this.company.id, { title, description, assigneeAgentId: agent.id });
    return { issue, run: await this.nextRun(agent, before) };
  }

  /** The first run of the agent that is not among `before`. */
  nextRun(agent: Agent, before: ReadonlySet<string>, within = 60_000): Promise<Run> {
    return until(
      `a new run of ${agent.name}`,
      async () => (await this.api.runs(this.company.id, agent.id)).findLast(({ id }) => !before.has(id)),
      { within },
    );
  }

  ended(runId: string, within = 90_000, signal?: AbortSignal): Promise<Run> {
    return until(
      `run ${runId} ends`,
      async () => {
        const run = await this.api.run(runId);
        return isOver(run) && run;
      },
      { within, ...(signal ? { signal } : {}) },
      () => this.api.run(runId).then(({ status, error, errorCode }) => ({ status, error, errorCode })),
    );
  }

  /** Another life of the server in the same home, on the same port; `more` of its variables for this life. */
  async reboot(more: Readonly<Record<string, string>> = {}): Promise<void> {
    const { home, undo, env } = this.#parts;
    const { port, logFile } = this.#server;
    const server = await bootServer({ home, port, env: { ...env, ...more }, logFile });
    undo.defer(() => server.stop());
    this.#server = server;
  }

  /** Another server beside the first: the same home, so the same database, adapter and keys; its own port. */
  async replica(options: Pick<ServerOptions, "port"> = {}): Promise<PaperclipServer> {
    const { home, undo, env } = this.#parts;
    const server = await bootServer({ home, env, ...options });
    undo.defer(() => server.stop());
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.undo.disposeAsync();
  }
}

/** What its agents need, and no more: the rest is as strict as without a file. */
export function rulesFor({ kubeconfig, context, namespace, homeClaim }: StageCluster): Json {
  const cluster = { kubeconfig, ...(context ? { context } : {}), ...(namespace ? { namespace } : {}) };
  return { clusters: { default: cluster }, allow: { claims: homeClaim ? [homeClaim] : [] } };
}

/** Claude Code asks for a key, whatever answers; a proxy of the pod must not come between. `more`: null takes one away. */
export function modelEnvironment(url: string, more: Json = {}): Json {
  const host = new URL(url).hostname;
  const values: Json = {
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: "e2e-no-key",
    NO_PROXY: host,
    no_proxy: host,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    ...more,
  };
  const given = Object.entries(values).filter(([, value]) => value !== null);
  return Object.fromEntries(given.map(([name, value]) => [name, { type: "plain", value }]));
}
