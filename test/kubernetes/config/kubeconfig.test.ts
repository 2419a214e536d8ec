import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openCluster } from "../../../src/kubernetes/cluster.ts";
import { KubeconfigError } from "../../../src/kubernetes/config/kubeconfig-error.ts";
import { parseKubeconfig } from "../../../src/kubernetes/config/kubeconfig-file.ts";
import { selectContext } from "../../../src/kubernetes/config/select-context.ts";
import { growth, LINEAR } from "../../support/growth.ts";

let directory: string;
const nowhere = { env: { HOME: "/nonexistent" }, serviceAccount: "/nonexistent" };

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "kubeconfig-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function file(name: string, content: unknown): Promise<string> {
  const target = path.join(directory, name);
  await writeFile(target, typeof content === "string" ? content : JSON.stringify(content));
  return target;
}

function config(server = "https://127.0.0.1:6443", extra: object = {}) {
  return {
    clusters: [{ name: "c", cluster: { server, "certificate-authority": "ca.crt" } }],
    users: [{ name: "u", user: { token: "t" } }],
    contexts: [
      { name: "one", context: { cluster: "c", user: "u", namespace: "agents" } },
      { name: "two", context: { cluster: "c", user: "u" } },
    ],
    "current-context": "one",
    ...extra,
  };
}

async function refusal(kubeconfig: string, context?: string): Promise<KubeconfigError> {
  const error = await openCluster({ kubeconfig, context }, nowhere).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(KubeconfigError);
  return error as KubeconfigError;
}

describe("a kubeconfig that cannot be used is refused with its reason and a fix", () => {
  test("no such file", async () => {
    const error = await refusal(path.join(directory, "none"));
    expect(error).toMatchObject({ code: "missing", message: `The kubeconfig ${directory}/none does not exist.` });
    expect(error.fix).not.toBe("");
  });

  test("a folder", async () => {
    expect(await refusal(directory)).toMatchObject({ code: "unreadable", fix: "Name the file inside the folder." });
  });

  test("a pipe, a device, and a file that is too large, at once", async () => {
    const target = path.join(directory, "odd");
    await promisify(execFile)("mkfifo", [target]);
    for (let at = 0; at < 8; at++)
      expect(await refusal(target)).toMatchObject({
        code: "unreadable",
        message: `The kubeconfig ${target} cannot be read: it is no regular file.`,
      });
    expect(await refusal("/dev/zero")).toMatchObject({ code: "unreadable" });
    await rm(target);
    await writeFile(target, "");
    await truncate(target, 8e12);
    expect((await refusal(target)).message).toMatch(/: it has more than 1048576 bytes\.$/);
  });

  test("many thousand keys, in time that grows with them", () => {
    const text = (keys: number) =>
      JSON.stringify(
        config("https://x", Object.fromEntries(Array.from({ length: keys }, (_, at) => [`key${at}`, at]))),
      );
    expect(growth((keys) => void parseKubeconfig(text(keys), "f"), 4000)).toBeLessThan(LINEAR);
  });

  test("a file that cannot be read", async () => {
    await symlink(path.join(directory, "loop"), path.join(directory, "loop"));
    expect(await refusal(path.join(directory, "loop"))).toMatchObject({ code: "unreadable" });
  });

  test.each([
    ["no YAML", "users:\n- user: {token: top-secret\n  x: ["],
    ["a bare word", "top-secret"],
    ["a list", "- top-secret"],
    ["nothing", ""],
    ["clusters that are no list", { clusters: "top-secret" }],
    ["an entry without a name", { clusters: [{ cluster: { server: "top-secret" } }] }],
    ["an entry of the wrong shape", { users: [{ name: "u", user: "top-secret" }] }],
    ["a context whose cluster is lacking", config(undefined, { clusters: [] })],
    ["a context whose user is lacking", config(undefined, { users: [] })],
    ["a server that is no URL", config("top-secret")],
    ["a server of another protocol", config("ftp://top-secret")],
  ])("%s: malformed, and never quoted", async (_, content) => {
    const error = await refusal(await file("config", content));
    expect(error.code).toBe("malformed");
    expect(`${error.message} ${error.stack} ${error.fix}`).not.toContain("top-secret");
  });

  test.each(["as-groups", "as-uid", "as-user-extra"])(
    "%s: refused, since acting without it would be acting as another",
    async (field) => {
      const users = [{ name: "u", user: { as: "someone", [field]: ["x"] } }];
      const error = await refusal(await file("config", config(undefined, { users })));
      expect(error.message).toContain(field);
    },
  );

  test("an unknown context; the known ones are named", async () => {
    const error = await refusal(await file("config", config()), "three");
    expect(error).toMatchObject({ code: "unknown-context", fix: "Its contexts are: one, two." });
  });

  test("no current context", async () => {
    const error = await refusal(await file("config", config(undefined, { "current-context": "" })));
    expect(error.code).toBe("no-current-context");
  });

  test("nothing named and nothing found", async () => {
    const error = await openCluster({}, nowhere).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "none" });
  });
});

describe("which cluster is meant", () => {
  test("the current context, or the one asked for", async () => {
    const kubeconfig = await file("config", config());
    const one = await openCluster({ kubeconfig }, nowhere);
    const two = await openCluster({ kubeconfig, context: "two" }, nowhere);
    expect([one.namespace, two.namespace]).toEqual(["agents", "default"]);
    expect(one).toMatchObject({ source: "kubeconfig" });
    expect(one.server.href).toBe("https://127.0.0.1:6443/");
    expect(one.id).not.toBe(two.id);
    await Promise.all([one.close(), two.close()]);
  });

  test("an address with a password in it does not show it", async () => {
    const kubeconfig = await file("config", config("https://me:top-secret@127.0.0.1:6443"));
    const cluster = await openCluster({ kubeconfig }, nowhere);
    expect(cluster.server.href).not.toContain("top-secret");
    await cluster.close();
  });

  test("relative files belong to the kubeconfig's folder; a bare command to PATH", async () => {
    const exec = (command: string) => ({ users: [{ name: "u", user: { tokenFile: "sub/token", exec: { command } } }] });
    const near = await selectContext({ kubeconfig: await file("a", config(undefined, exec("./login"))) }, nowhere);
    expect(near.cluster.value["certificate-authority"]).toBe(path.join(directory, "ca.crt"));
    expect(near.user.value).toMatchObject({
      tokenFile: path.join(directory, "sub/token"),
      exec: { command: path.join(directory, "login") },
    });
    const bare = await selectContext({ kubeconfig: await file("b", config(undefined, exec("login"))) }, nowhere);
    expect(bare.user.value).toMatchObject({ exec: { command: "login" } });
  });

  test("KUBECONFIG may name several files: the first wins, those that do not exist are passed over", async () => {
    const first = await file("first", {
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    });
    const second = await file("second", config("https://second.test", { "current-context": "one" }));
    const env = { KUBECONFIG: [path.join(directory, "none"), first, second].join(path.delimiter) };
    const selection = await selectContext({}, { ...nowhere, env });
    expect(selection).toMatchObject({ context: "x", cluster: { value: { server: "https://second.test" } } });
    const missing = { ...nowhere, env: { KUBECONFIG: path.join(directory, "none") } };
    await expect(selectContext({}, missing)).rejects.toMatchObject({ code: "missing" });
  });

  test("~/.kube/config when nothing else is there", async () => {
    await mkdir(path.join(directory, ".kube"));
    await file(".kube/config", config());
    const selection = await selectContext({}, { ...nowhere, env: { HOME: directory } });
    expect(selection.context).toBe("one");
  });

  test("a pod's service account comes before KUBECONFIG", async () => {
    await file("token", "sa-token\n");
    await file("namespace", "paperclip\n");
    const env = {
      KUBERNETES_SERVICE_HOST: "fd00::1",
      KUBERNETES_SERVICE_PORT: "443",
      KUBECONFIG: await file("k", config()),
    };
    const cluster = await openCluster({}, { env, serviceAccount: directory });
    expect(cluster).toMatchObject({ source: "in-cluster", namespace: "paperclip" });
    expect(cluster.server.href).toBe("https://[fd00::1]/");
    await cluster.close();
  });
});
