import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Devcluster } from "../../src/index.ts";
import type { KubeObject } from "../../src/types.ts";
import type { Client } from "./client.ts";
import { job, pod, secret } from "./objects.ts";
import { useCluster } from "./use-cluster.ts";

const JOBS = "/apis/batch/v1/namespaces/default/jobs";
const PODS = "/api/v1/namespaces/default/pods";
const SECRETS = "/api/v1/namespaces/default/secrets";

let cluster: Devcluster;
let api: Client;

useCluster((opened, client) => {
  [cluster, api] = [opened, client];
});

describe("create", () => {
  it("completes a Job and its pod as the recorded ones were", async () => {
    const recorded = JSON.parse(readFileSync(new URL("fixtures/success.json", import.meta.url), "utf8"));
    const { metadata, spec } = recorded.job;
    const command = spec.template.spec.containers[0].command;
    const made = await api.call("POST", JOBS, {
      body: {
        metadata: { name: "success", labels: metadata.labels },
        spec: {
          backoffLimit: 0,
          template: {
            metadata: { labels: metadata.labels },
            spec: {
              restartPolicy: "Never",
              terminationGracePeriodSeconds: 5,
              containers: [{ name: "main", image: "busybox:1.36", command }],
            },
          },
        },
      },
    });
    expect(made.code).toBe(201);
    const { uid } = made.body.metadata;
    const asRecorded = JSON.parse(JSON.stringify(spec).replaceAll(metadata.uid, uid));
    expect(made.body.spec).toEqual(asRecorded);
    expect(made.body.status).toEqual({});
    await expect.poll(() => cluster.store.list("pods", "default").length).toBe(1);
    const child = cluster.store.list("pods", "default")[0] as KubeObject;
    const { volumes, nodeName: _, ...recordedSpec } = recorded.pod.spec;
    const { volumes: ownVolumes, nodeName: __, ...ownSpec } = child.spec as typeof recordedSpec;
    const nameOf = (all: { name: string }[]) => all[0]?.name ?? "";
    expect(ownSpec).toEqual(JSON.parse(JSON.stringify(recordedSpec).replaceAll(nameOf(volumes), nameOf(ownVolumes))));
    expect(ownVolumes[0].projected.sources).toEqual(volumes[0].projected.sources.slice(0, 3));
    await api.call("DELETE", `${JOBS}/success?propagationPolicy=Background`);
  });

  it("makes a name from generateName", async () => {
    const { body } = await api.call("POST", SECRETS, { body: { metadata: { generateName: "gen-" } } });
    expect(body.metadata.name).toMatch(/^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(body.metadata.generateName).toBe("gen-");
  });

  it("refuses a name that is taken, with the same words", async () => {
    await api.call("POST", JOBS, { body: job("taken") });
    const { code, body } = await api.call("POST", JOBS, { body: job("taken") });
    expect(code).toBe(409);
    expect(body).toMatchObject({
      kind: "Status",
      status: "Failure",
      reason: "AlreadyExists",
      message: 'jobs.batch "taken" already exists',
      details: { name: "taken", group: "batch", kind: "jobs" },
    });
  });

  it("keeps nothing of a dry run", async () => {
    const { code, body } = await api.call("POST", `${JOBS}?dryRun=All`, { body: job("dry") });
    expect(code).toBe(201);
    expect(body.spec.completionMode).toBe("NonIndexed");
    expect(body.metadata.resourceVersion).toBeUndefined();
    const got = await api.call("GET", `${JOBS}/dry`);
    expect(got).toMatchObject({ code: 404, body: { reason: "NotFound", message: 'jobs.batch "dry" not found' } });
  });

  it("warns of unknown fields, or refuses them when asked to", async () => {
    const body = job("odd", { spec: { backofLimit: 1 }, container: { imagee: "x" } });
    const strict = await api.call("POST", `${JOBS}?fieldValidation=Strict`, { body });
    expect(strict).toMatchObject({ code: 400, body: { reason: "BadRequest" } });
    expect(strict.body.message).toBe(
      'Job in version "v1" cannot be handled as a Job: strict decoding error: unknown field "spec.template.spec.containers[0].imagee", unknown field "spec.backofLimit"',
    );
    const warned = await api.call("POST", JOBS, { body });
    expect(warned.code).toBe(201);
    expect(String(warned.headers.warning)).toContain('299 - "unknown field \\"spec.backofLimit\\""');
    expect(warned.body.spec.backofLimit).toBeUndefined();
    const ignored = await api.call("POST", `${SECRETS}?fieldValidation=Ignore`, { body: secret("ignored", { x: 1 }) });
    expect(ignored.headers.warning).toBeUndefined();
  });

  it("refuses a value of the wrong type as Go's decoder does", async () => {
    const { code, body } = await api.call("POST", JOBS, { body: job("typed", { spec: { backoffLimit: "1" } }) });
    expect(code).toBe(400);
    expect(body.message).toBe(
      'Job in version "v1" cannot be handled as a Job: json: cannot unmarshal string into Go struct field JobSpec.spec.backoffLimit of type int32',
    );
  });

  it.each([
    ["a list without a rule", [], ["Ingress"]],
    ["a rule", [{}], ["Ingress", "Egress"]],
  ])("fills in whether a NetworkPolicy limits what goes out: with %s", async (_, egress, policyTypes) => {
    const path = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies?dryRun=All";
    const spec = { podSelector: {}, egress };
    const body = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "a" }, spec };
    expect(await api.call("POST", path, { body })).toMatchObject({ code: 201, body: { spec: { policyTypes } } });
  });

  it("says in plain text that it serves no such group, and of its own groups with a Status", async () => {
    const other = await api.call("GET", "/apis/kueue.x-k8s.io/v1beta2/namespaces/default/localqueues/team");
    expect(other).toMatchObject({ code: 404, body: "404 page not found\n" });
    expect(other.headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(other.headers["audit-id"]).toMatch(/^[0-9a-f-]{36}$/);
    const own = await api.call("GET", "/apis/batch/v1/namespaces/default/foos");
    expect(own).toMatchObject({ code: 404, body: { message: "the server could not find the requested resource" } });
  });

  it("creates nothing where there is no namespace, and names it", async () => {
    const { code, body } = await api.call("POST", "/api/v1/namespaces/nowhere/secrets", { body: secret("a") });
    expect(code).toBe(404);
    expect(body.message).toBe('namespaces "nowhere" not found');
  });

  it("refuses a body that is too large", async () => {
    const { code } = await api.call("POST", SECRETS, { body: secret("huge", { data: { a: "A".repeat(3 << 20) } }) });
    expect(code).toBe(413);
  });
});

describe("update and patch", () => {
  it("detects a conflict", async () => {
    const { body: first } = await api.call("POST", SECRETS, { body: secret("conflict") });
    const second = await api.call("PUT", `${SECRETS}/conflict`, { body: { ...first, data: { a: "YQ==" } } });
    expect(second.code).toBe(200);
    const late = await api.call("PUT", `${SECRETS}/conflict`, { body: { ...first, data: { b: "YQ==" } } });
    expect(late).toMatchObject({ code: 409, body: { reason: "Conflict" } });
    expect(late.body.message).toBe(
      'Operation cannot be fulfilled on secrets "conflict": the object has been modified; please apply your changes to the latest version and try again',
    );
  });

  it("says nothing happened when nothing changed", async () => {
    const { body: first } = await api.call("POST", SECRETS, { body: secret("same") });
    const { body: again } = await api.call("PUT", `${SECRETS}/same`, { body: first });
    expect(again.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  it("takes status from /status and everything else from the object", async () => {
    await api.call("POST", PODS, { body: pod("parts") });
    const merge = (path: string, body: object) =>
      api.call("PATCH", path, { body, headers: { "content-type": "application/merge-patch+json" } });
    const one = { status: { message: "one" }, spec: { activeDeadlineSeconds: 7 } };
    const status = await merge(`${PODS}/parts/status`, one);
    expect(status.body).toMatchObject({ status: { message: "one" }, metadata: { generation: 1 } });
    expect(status.body.spec.activeDeadlineSeconds).toBeUndefined();
    const spec = await merge(`${PODS}/parts`, { ...one, status: { message: "two" } });
    expect(spec.body).toMatchObject({
      status: { message: "one" },
      spec: { activeDeadlineSeconds: 7 },
      metadata: { generation: 2 },
    });
  });

  it("understands the other kinds of patch", async () => {
    await api.call("POST", PODS, { body: pod("patched", { metadata: { finalizers: ["a.io/x"] } }) });
    const json = await api.call("PATCH", `${PODS}/patched`, {
      body: [
        { op: "test", path: "/metadata/name", value: "patched" },
        { op: "add", path: "/metadata/labels", value: { a: "b" } },
      ],
      headers: { "content-type": "application/json-patch+json" },
    });
    expect(json.body.metadata.labels).toEqual({ a: "b" });
    const failed = await api.call("PATCH", `${PODS}/patched`, {
      body: [{ op: "test", path: "/metadata/name", value: "other" }],
      headers: { "content-type": "application/json-patch+json" },
    });
    expect(failed.code).toBe(422);
    const strategic = await api.call("PATCH", `${PODS}/patched`, {
      body: {
        metadata: { finalizers: ["b.io/y"], "$deleteFromPrimitiveList/finalizers": ["a.io/x"] },
        spec: { containers: [{ name: "main", image: "other:1" }] },
      },
      headers: { "content-type": "application/strategic-merge-patch+json" },
    });
    expect(strategic.body.spec.containers).toMatchObject([{ name: "main", image: "other:1" }]);
    expect(strategic.body.metadata.finalizers).toEqual(["b.io/y"]);
    const odd = await api.call("PATCH", `${PODS}/patched`, { body: {}, headers: { "content-type": "text/plain" } });
    expect(odd).toMatchObject({ code: 415, body: { reason: "UnsupportedMediaType" } });
  });

  it("applies on the server's side, in YAML", async () => {
    const headers = { "content-type": "application/apply-patch+yaml" };
    const yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: applied}\ndata: {a: one}\n";
    const path = "/api/v1/namespaces/default/configmaps/applied";
    expect(await api.call("PATCH", path, { body: yaml, headers })).toMatchObject({ code: 422 });
    const made = await api.call("PATCH", `${path}?fieldManager=test`, { body: yaml, headers });
    expect(made).toMatchObject({ code: 201, body: { data: { a: "one" } } });
    const next = await api.call("PATCH", `${path}?fieldManager=test`, { body: yaml.replace("one", "two"), headers });
    expect(next).toMatchObject({ code: 200, body: { data: { a: "two" } } });
  });
});

describe("delete", () => {
  it("orphans the pods of a Job unless told otherwise", async () => {
    await api.call("POST", JOBS, { body: job("orphaning") });
    const { code, body } = await api.call("DELETE", `${JOBS}/orphaning`);
    expect(code).toBe(200);
    expect(body.metadata.finalizers).toEqual(["orphan"]);
  });

  it("tells Success for what is gone at once", async () => {
    await api.call("POST", SECRETS, { body: secret("gone") });
    const { code, body } = await api.call("DELETE", `${SECRETS}/gone`);
    expect(code).toBe(200);
    expect(body).toMatchObject({ kind: "Status", status: "Success", details: { name: "gone", kind: "secrets" } });
    expect((await api.call("DELETE", `${SECRETS}/gone`)).code).toBe(404);
  });

  it("honours preconditions from the body", async () => {
    await api.call("POST", SECRETS, { body: secret("precious") });
    const body = { preconditions: { uid: "not-this-one" } };
    expect((await api.call("DELETE", `${SECRETS}/precious`, { body })).code).toBe(409);
  });

  it("deletes a selection", async () => {
    for (const name of ["one", "two", "three"]) {
      await api.call("POST", SECRETS, { body: { metadata: { name, labels: { set: name === "two" ? "b" : "a" } } } });
    }
    const { body } = await api.call("DELETE", `${SECRETS}?labelSelector=set%3Da`);
    expect(body.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(["one", "three"]);
    expect((await api.call("GET", `${SECRETS}/two`)).code).toBe(200);
  });
});
