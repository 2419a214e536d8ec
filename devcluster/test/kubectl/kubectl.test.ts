import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Devcluster, fastTimings, startDevcluster } from "../../src/index.ts";
import { type Kubectl, kubectlFor, kubectlVersion } from "./kubectl.ts";

const minor = Number(/^v1\.(\d+)/.exec(kubectlVersion ?? "")?.[1] ?? 0);

const MANIFEST = `
apiVersion: batch/v1
kind: Job
metadata:
  name: applied
  labels: { step: one }
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 1
      containers:
        - name: main
          image: busybox:1.36
          command: [sh, -c, "echo started; sleep 60"]
`;

describe.skipIf(kubectlVersion === undefined)(`kubectl ${kubectlVersion}`, () => {
  let cluster: Devcluster;
  let kubectl: Kubectl;

  beforeAll(async () => {
    cluster = await startDevcluster({ images: { "busybox:1.36": {} }, timings: fastTimings });
    kubectl = await kubectlFor(cluster);
  });
  afterAll(async () => {
    await kubectl.close();
    await cluster.stop();
  });

  it("version, api-resources, api-versions", async () => {
    expect(await kubectl.run(["version"])).toContain("v1.36.2");
    const resources = await kubectl.run(["api-resources"]);
    expect(resources).toMatch(/^jobs +batch\/v1 +true +Job$/m);
    expect(resources).toMatch(/^pods +po +v1 +true +Pod$/m);
    expect(await kubectl.run(["api-versions"])).toContain("events.k8s.io/v1");
  });

  it("explain", async () => {
    expect(await kubectl.run(["explain", "job.spec.backoffLimit"])).toContain(
      "number of retries before marking this job failed",
    );
    expect(await kubectl.run(["explain", "pod.spec.containers"])).toContain("terminationMessagePath");
  });

  it("create job, wait, logs, get, describe, events, delete", async () => {
    const command = ["sh", "-c", "echo hello; sleep 0.2; echo bye"];
    expect(await kubectl.run(["create", "job", "hello", "--image=busybox:1.36", "--", ...command])).toBe(
      "job.batch/hello created\n",
    );
    await kubectl.run(["wait", "--for=condition=complete", "job/hello", "--timeout=20s"]);
    expect(await kubectl.run(["logs", "-f", "job/hello"])).toBe("hello\nbye\n");
    expect(await kubectl.run(["logs", "--timestamps", "--tail=1", "job/hello"])).toMatch(/^\d{4}-\S+Z bye\n$/);
    const [head, row] = (await kubectl.run(["get", "jobs", "-o", "wide"])).split("\n");
    expect(head).toMatch(/^NAME +STATUS +COMPLETIONS +DURATION +AGE +CONTAINERS +IMAGES +SELECTOR *$/);
    expect(row).toMatch(
      /^hello +Complete +1\/1 +\d+s +\d+s +hello +busybox:1.36 +batch.kubernetes.io\/controller-uid=/,
    );
    const pods = await kubectl.run(["get", "pods", "-l", "job-name=hello"]);
    expect(pods).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE\nhello-\w{5} +0\/1 +Completed +0 +\d+s\n$/);
    expect(await kubectl.run(["describe", "job", "hello"])).toMatch(
      /Pods Statuses: +0 (Active|Running) .*\/ 1 Succeeded \/ 0 Failed/,
    );
    const pod = await kubectl.run(["describe", "pod", "-l", "job-name=hello"]);
    expect(pod).toMatch(/State: +Terminated\n +Reason: +Completed\n +Exit Code: +0/);
    expect(pod).toMatch(/Normal +Scheduled .*Successfully assigned default\/hello-/);
    const happened = ["Scheduled", "Pulled", "Created", "Started"];
    const reasons = [...pod.matchAll(/^ +Normal +(\w+) /gm)].map(([, reason = ""]) => reason);
    expect(reasons.slice(0, 4), pod).toEqual(happened);
    expect(await kubectl.run(["get", "events"])).toMatch(/Normal +SuccessfulCreate +job\/hello +Created pod: hello-/);
    if (minor >= 26) expect(await kubectl.run(["events", "--for", "job/hello"])).toContain("Created pod: hello-");
    expect(await kubectl.run(["delete", "job", "hello"])).toContain('job.batch "hello" deleted');
    await expect.poll(() => cluster.store.list("pods", "default")).toEqual([]);
  });

  it("get as YAML and JSON, by name and all namespaces", async () => {
    await kubectl.run(["create", "secret", "generic", "plain", "--from-literal=a=b", "--from-literal=empty="]);
    expect(JSON.parse(await kubectl.run(["get", "secret", "plain", "-o", "json"]))).toMatchObject({
      apiVersion: "v1",
      kind: "Secret",
      type: "Opaque",
      data: { a: "Yg==", empty: "" },
    });
    expect(await kubectl.run(["get", "secret/plain", "-o", "yaml"])).toContain("data:\n  a: Yg==\n");
    expect(await kubectl.run(["get", "configmaps", "-A"])).toMatch(/^kube-system +kube-root-ca.crt +1 +/m);
    expect(await kubectl.run(["get", "nodes"])).toMatch(/^devcluster-node +Ready +<none> /m);
    const missing = await kubectl.try(["get", "job", "nothing"]);
    expect(missing).toMatchObject({ code: 1, err: 'Error from server (NotFound): jobs.batch "nothing" not found\n' });
  });

  it("apply: created, unchanged, configured; then the log of what runs, and delete", async () => {
    expect(await kubectl.run(["apply", "-f", "-"], MANIFEST)).toBe("job.batch/applied created\n");
    expect(await kubectl.run(["apply", "-f", "-"], MANIFEST)).toBe("job.batch/applied unchanged\n");
    const next = MANIFEST.replace("step: one", "step: two").replace("backoffLimit: 0", "backoffLimit: 1");
    expect(await kubectl.run(["apply", "-f", "-"], next)).toBe("job.batch/applied configured\n");
    const { metadata, spec } = JSON.parse(await kubectl.run(["get", "job", "applied", "-o", "json"]));
    expect(metadata.labels).toEqual({ step: "two" });
    expect(spec.backoffLimit).toBe(1);
    const fixed = await kubectl.try(["apply", "-f", "-"], next.replace("sleep 60", "sleep 61"));
    expect(fixed.err).toContain("field is immutable");
    await kubectl.run(["wait", "--for=condition=ready", "pod", "-l", "job-name=applied", "--timeout=20s"]);
    expect(await kubectl.until(["logs", "-f", "job/applied"], (text) => text.includes("\n"))).toBe("started\n");
    expect(await kubectl.run(["delete", "-f", "-"], MANIFEST)).toContain('job.batch "applied" deleted');
    await expect.poll(() => cluster.store.list("pods", "default"), { timeout: 10_000 }).toEqual([]);
  });

  it("apply: refuses a field that nobody knows", async () => {
    const { code, err } = await kubectl.try(["apply", "-f", "-"], MANIFEST.replace("image:", "imagee:"));
    expect(code).toBe(1);
    expect(err).toMatch(/unknown field "(spec\.template\.spec\.containers\[0\]\.)?imagee"/);
  });

  it("apply --server-side, label, annotate, patch", async () => {
    const map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: sided}\ndata: {a: b}\n";
    expect(await kubectl.run(["apply", "--server-side", "-f", "-"], map)).toBe("configmap/sided serverside-applied\n");
    await kubectl.run(["label", "configmap", "sided", "x=y"]);
    await kubectl.run(["annotate", "configmap", "sided", "p=q"]);
    await kubectl.run(["patch", "configmap", "sided", "-p", '{"data":{"a":null,"c":"d"}}']);
    const { metadata, data } = JSON.parse(await kubectl.run(["get", "cm", "sided", "-o", "json"]));
    expect(metadata).toMatchObject({ labels: { x: "y" }, annotations: { p: "q" } });
    expect(data).toEqual({ c: "d" });
  });

  it("get -w tells each change", async () => {
    const watching = kubectl.until(["get", "configmaps", "-w", "--no-headers"], (text) => /watched +2/.test(text));
    await expect
      .poll(() => cluster.requests.matching("GET", /configmaps$/).some(({ query }) => query.includes("watch")), {
        timeout: 10_000,
      })
      .toBe(true);
    cluster.store.create("configmaps", { metadata: { name: "watched", namespace: "default" }, data: { a: "1" } });
    cluster.store.mutate("configmaps", "default", "watched", (draft) => {
      draft.data = { a: "1", b: "2" };
    });
    expect(await watching).toMatch(/watched +1 .*\nwatched +2 /);
  });

  it("auth can-i, as the administrator and as a ServiceAccount with a Role", async () => {
    expect(await kubectl.run(["auth", "can-i", "create", "jobs.batch"])).toBe("yes\n");
    await kubectl.run(["create", "namespace", "limited"]);
    await kubectl.run(["create", "serviceaccount", "sa", "-n", "limited"]);
    await kubectl.run(["create", "role", "runner", "-n", "limited", "--verb=create,get", "--resource=jobs.batch"]);
    await kubectl.run(["create", "rolebinding", "rb", "-n", "limited", "--role=runner", "--serviceaccount=limited:sa"]);
    const limited = await kubectlFor(cluster, cluster.kubeconfigOf("limited", "sa"));
    try {
      expect((await limited.try(["auth", "can-i", "create", "jobs.batch"])).out).toBe("yes\n");
      expect((await limited.try(["auth", "can-i", "delete", "jobs.batch"])).out).toMatch(/^no/);
      expect(await limited.run(["auth", "can-i", "--list"])).toMatch(
        /^jobs.batch +\[\] +\[\] +\[(create get|get create)\]/m,
      );
      const as = ["--as", "system:serviceaccount:limited:sa", "-n", "limited"];
      const listed = await kubectl.run(["auth", "can-i", "--list", ...as]);
      expect(listed).toMatch(/^jobs.batch +\[\] +\[\] +\[(create get|get create)\]/m);
      expect(listed).not.toContain("*.*");
      const refused = await limited.try(["get", "pods"]);
      expect(refused.err).toBe(
        'Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:limited:sa" cannot list resource "pods" in API group "" in the namespace "limited"\n',
      );
    } finally {
      await limited.close();
    }
  });

  it("delete namespace empties it and waits for that", async () => {
    await kubectl.run(["create", "namespace", "doomed"]);
    await kubectl.run(["create", "secret", "generic", "s", "-n", "doomed"]);
    expect(await kubectl.run(["delete", "namespace", "doomed"])).toBe('namespace "doomed" deleted\n');
    expect(cluster.store.get("namespaces", "", "doomed")).toBeUndefined();
    expect(cluster.store.list("secrets", "doomed")).toEqual([]);
  });
});
