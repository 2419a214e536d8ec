/** `helm install` of a whole Paperclip, and the first task of its first agent, on the devcluster. */
import { randomUUID } from "node:crypto";
import http from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ScriptedModel, startScriptedModel } from "../../demo/scripted-model/index.ts";
import { hasHelm } from "../../test/deploy/support/helm.ts";
import { blocksFor, type CommandBlock } from "../../test/docs/support/commands.ts";
import { Shell } from "../../test/docs/support/shell.ts";
import { helmTools } from "../../toolchain/helm/tools.ts";
import { packageFolder } from "../host/install.ts";
import { type Company, isOver, type Run } from "../host/records.ts";
import { until } from "../host/until.ts";
import { finish, perform } from "../stage/scenes.ts";
import { modelEnvironment } from "../stage/stage.ts";
import { NAMESPACE, openWhole, SERVER_IMAGE, type WholePaperclip } from "../stage/whole.ts";
import { modelOfEveryAgent } from "./support/reader.ts";

const AGENTS = "claude-agents";
/** What the chart has where nothing else is said; the rest of this file goes on where everybody is trusted. */
const AUTHENTICATED = ["paperclip.env.HOST=0.0.0.0", "paperclip.env.PAPERCLIP_DEPLOYMENT_MODE=authenticated"];

const PAGE = "docs/tutorials/inside-the-cluster.md";

/**
 * Where the tutorial is followed. Its Helm is given what this machine needs beside the page's values; on it, pods reach
 * Paperclip by a name of the machine, and every agent the scripted model.
 */
async function openReader(whole: WholePaperclip, model: string): Promise<Shell> {
  const { url, values, kubeconfig, agentImage } = whole;
  const port = new URL(url).port;
  const tools = await helmTools();
  const here = [`paperclip.apiUrl=http://localhost:${port}`, ...AUTHENTICATED].map((one) => `--set=${one}`).join(" ");
  const podTemplate = JSON.stringify(modelOfEveryAgent(model));
  const helm = `case $1 in
install) exec ${tools?.helm} "$@" --values ${values} ${here} --set-json 'policy.podTemplate=${podTemplate}' ;;
*) exec ${tools?.helm} "$@" ;;
esac`;
  return Shell.open({
    env: { KUBECONFIG: kubeconfig, package: packageFolder },
    programs: { helm },
    words: {
      "3100": port,
      PAPERCLIP_IMAGE: SERVER_IMAGE,
      AGENT_IMAGE: agentImage,
      YOUR_KEY: "none",
      '"packageName": "paperclip-adapter-claude-k8s"': `"packageName": "${packageFolder}", "isLocalPath": true`,
    },
  });
}

describe.skipIf(!hasHelm)("a whole Paperclip of the chart", () => {
  let whole: WholePaperclip;
  let model: ScriptedModel;
  let company: Company;
  let agentId: string;
  let terminal: Shell;
  const blocks = blocksFor("e2e/test/chart.test.ts", PAGE);
  const cleanUp = blocks.at(-1) as CommandBlock;
  beforeAll(async () => {
    whole = await openWhole();
    model = await startScriptedModel({ script: perform({ finish }) });
    terminal = await openReader(whole, model.url);
  });
  afterAll(async () => {
    await terminal?.[Symbol.asyncDispose]();
    await model?.stop();
    await whole?.[Symbol.asyncDispose]();
  });

  /** Of an answer to somebody whom nobody knows. @param host name that is asked for */
  const status = (host: string, path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const request = http.get(`${whole.url}/api${path}`, { headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.on("error", reject);
    });

  /** A task of the agent, to its end. */
  async function done(title: string): Promise<Run> {
    const { api } = whole;
    const issue = await api.createIssue(company.id, { title: `${title} [scene:finish]`, assigneeAgentId: agentId });
    return until(
      `the run of "${title}" ends`,
      async () => {
        const runs = await api.runs(company.id, agentId);
        const run = runs.find(({ contextSnapshot }) => contextSnapshot?.issueId === issue.id);
        return run && isOver(run) && api.run(run.id);
      },
      { within: 120_000 },
      () => api.runs(company.id, agentId),
    );
  }

  it("is installed by the tutorial, asks who one is, and does the first task of its reader", async () => {
    const [install, ...more] = blocks;
    if (!install) throw new Error("the tutorial begins with an installation");
    await terminal.run(install);
    await whole.ready();
    expect(await status(`paperclip.${NAMESPACE}.svc`, "/health")).toBe(200);
    expect(await status("elsewhere.example", "/health")).toBe(403);
    const said: string[] = [];
    for (const block of more.slice(0, -1)) said.push(await terminal.run(block));
    expect(said.join("")).toContain("Hello from my pod: the work is done.");
    expect(said.at(-1)).toMatch(/completed its task after \d+ turns/);
    // It answers under that name, and nobody without a login.
    expect(await status("localhost", "/health")).toBe(200);
    expect(await status("localhost", `/companies/${randomUUID()}/agents`)).toBe(401);
    expect(await status("localhost", "/companies")).toBe(403);
  }, 400_000);

  it("is upgraded into a new pod with its home: the adapter is there, and says that nothing is missing", async () => {
    const { devcluster, api } = whole;
    const uid = () => devcluster.store.get("pods", NAMESPACE, "paperclip-0")?.metadata.uid;
    const before = uid();
    await whole.release("upgrade");
    await until("another pod", async () => uid() !== undefined && uid() !== before, { within: 120_000 });
    await whole.ready();
    company = (await api.get<Company[]>("/companies"))[0] as Company;
    expect(devcluster.store.get("persistentvolumeclaims", NAMESPACE, "home-paperclip-0")).toBeDefined();
    const { checks } = await api.testEnvironment(company.id, "claude_k8s", {
      env: modelEnvironment(model.url),
      "resources.requests.cpu": "100m",
      "resources.requests.memory": "256Mi",
    });
    expect(checks.filter(({ level }) => level === "error")).toEqual([]);
  }, 400_000);

  it("does the first task with the chart's account, rights, policy, image and claim, and nothing that its agent sets", async () => {
    const adapterConfig = {
      env: modelEnvironment(model.url),
      model: "claude-sonnet-5",
      "resources.requests.cpu": "100m",
      "resources.requests.memory": "256Mi",
    };
    const agent = await whole.api.createAgent(company.id, { name: "Ada", adapterConfig });
    agentId = agent.id;
    const run = await done("Say hello");
    expect(run, run.error ?? "").toMatchObject({ status: "succeeded", errorCode: null });
    const pods = whole.devcluster.requests.matching("POST", new RegExp(`/namespaces/${AGENTS}/jobs$`));
    expect(pods.length).toBeGreaterThan(0);
    expect(run.resultJson).toMatchObject({ verdict: "completed", transcript: { complete: true } });
  }, 180_000);

  it("is uninstalled, and leaves homes and keys, until the tutorial's reader removes these too", async () => {
    const { store } = whole.devcluster;
    const [uninstall = "", ...more] = cleanUp.text.split("\n");
    await terminal.run({ ...cleanUp, text: uninstall });
    await until("its pod is gone", async () => store.get("pods", NAMESPACE, "paperclip-0") === undefined);
    const kept = (resource: string, namespace: string) =>
      store.list(resource, namespace).map(({ metadata }) => metadata.name);
    expect(kept("persistentvolumeclaims", NAMESPACE)).toEqual(["home-paperclip-0"]);
    expect(kept("persistentvolumeclaims", AGENTS)).toEqual(["claude-home"]);
    expect(kept("secrets", NAMESPACE)).toEqual(["paperclip-server"]);
    await terminal.run({ ...cleanUp, text: more.join("\n") });
    expect([store.get("namespaces", "", NAMESPACE), store.get("namespaces", "", AGENTS)]).toEqual([
      undefined,
      undefined,
    ]);
  }, 120_000);
});
