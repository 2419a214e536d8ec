/** `helm install` of a whole Paperclip, and the first task of its first agent, on the devcluster. */
import http from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ScriptedModel, startScriptedModel } from "../../demo/scripted-model/index.ts";
import { hasHelm, RELEASE } from "../../test/deploy/support/helm.ts";
import { packageFolder } from "../host/install.ts";
import { type Company, isOver, type Run } from "../host/records.ts";
import { until } from "../host/until.ts";
import { finish, perform } from "../stage/scenes.ts";
import { modelEnvironment } from "../stage/stage.ts";
import { NAMESPACE, openWhole, type WholePaperclip } from "../stage/whole.ts";

const AGENTS = "claude-agents";
/** What the chart has where nothing else is said; the rest of this file goes on where everybody is trusted. */
const AUTHENTICATED = ["paperclip.env.HOST=0.0.0.0", "paperclip.env.PAPERCLIP_DEPLOYMENT_MODE=authenticated"];

/** A person in a browser: asks as somebody who has signed in. */
async function signUp(url: string): Promise<(path: string, body: object) => Promise<unknown>> {
  const post = (path: string, body: object, cookie = ""): Promise<Response> =>
    fetch(`${url}/api${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: url, cookie },
      body: JSON.stringify(body),
    });
  const person = { name: "Operator", email: "operator@example.com", password: "a long password of hers" };
  const signed = await post("/auth/sign-up/email", person);
  expect(signed.status, await signed.text()).toBe(200);
  const cookie = signed.headers.getSetCookie().map((one) => one.split(";")[0]);
  return async (path, body) => {
    const answer = await post(path, body, cookie.join("; "));
    const text = await answer.text();
    expect(answer.ok, `${path}: ${answer.status} ${text}`).toBe(true);
    return JSON.parse(text);
  };
}

describe.skipIf(!hasHelm)("a whole Paperclip of the chart", () => {
  let whole: WholePaperclip;
  let model: ScriptedModel;
  let company: Company;
  let agentId: string;
  beforeAll(async () => {
    whole = await openWhole();
    model = await startScriptedModel({ script: perform({ finish }) });
  });
  afterAll(async () => {
    await model?.stop();
    await whole?.[Symbol.asyncDispose]();
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

  it("starts, asks who one is, and lets in only the names that pods use and the first administrator", async () => {
    // The chart's own values.
    await whole.release("install", ...AUTHENTICATED);
    await whole.ready();
    const { url } = whole;
    const status = (host: string, path: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const request = http.get(`${url}/api${path}`, { headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        request.on("error", reject);
      });
    expect(await status(`paperclip.${NAMESPACE}.svc`, "/health")).toBe(200);
    expect(await status("elsewhere.example", "/health")).toBe(403);
    const admin = await signUp(url.replace("127.0.0.1", "localhost"));
    expect(await admin("/bootstrap/claim", {})).toMatchObject({ claimed: true });
    expect(await admin("/adapters/install", { packageName: packageFolder, isLocalPath: true })).toMatchObject({
      type: "claude_k8s",
    });
    company = (await admin("/companies", { name: "Chart" })) as Company;
    expect(await status("localhost", `/companies/${company.id}/agents`)).toBe(401);
  }, 400_000);

  it("is upgraded into a new pod with its home: the adapter is there, and says that nothing is missing", async () => {
    const { devcluster, api } = whole;
    const uid = () => devcluster.store.get("pods", NAMESPACE, "paperclip-0")?.metadata.uid;
    const before = uid();
    await whole.release("upgrade");
    await until("another pod", async () => uid() !== undefined && uid() !== before, { within: 120_000 });
    await whole.ready();
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

  it("is uninstalled, and leaves homes and keys", async () => {
    await whole.helm.run("uninstall", RELEASE, `--namespace=${NAMESPACE}`);
    const { store } = whole.devcluster;
    await until("its pod is gone", async () => store.get("pods", NAMESPACE, "paperclip-0") === undefined);
    const kept = (resource: string, namespace: string) =>
      store.list(resource, namespace).map(({ metadata }) => metadata.name);
    expect(kept("persistentvolumeclaims", NAMESPACE)).toEqual(["home-paperclip-0"]);
    expect(kept("persistentvolumeclaims", AGENTS)).toEqual(["claude-home"]);
    expect(kept("secrets", NAMESPACE)).toEqual(["paperclip-server"]);
  }, 120_000);
});
