import { describe, expect, it } from "vitest";
import type { Client } from "./client.ts";
import { job, pod, secret } from "./objects.ts";
import { useCluster } from "./use-cluster.ts";

const ROOT = "/api/v1/namespaces/default";
const JOBS = "/apis/batch/v1/namespaces/default/jobs";

let api: Client;

useCluster((_, client) => {
  api = client;
});

const DNS_LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const mount = { name: "v", mountPath: "/v" };

const REFUSED_JOBS: [string, object, string][] = [
  ["no name", job(""), "metadata.name: Required value: name or generateName is required"],
  [
    "a name with capitals",
    job("Upper"),
    `metadata.name: Invalid value: "Upper": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'`,
  ],
  [
    "a name that does not fit the label of its pods",
    job("x".repeat(64)),
    `spec.template.labels: Invalid value: "${"x".repeat(64)}": must be no more than 63 bytes`,
  ],
  [
    "restartPolicy Always",
    job("a", { pod: { restartPolicy: "Always" } }),
    'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ],
  [
    "an unknown restartPolicy",
    job("a", { pod: { restartPolicy: "Sometimes" } }),
    'spec.template.spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
  ],
  ["no image", job("a", { container: { image: "" } }), "spec.template.spec.containers[0].image: Required value"],
  [
    "a container name with capitals",
    job("a", { container: { name: "Main" } }),
    `spec.template.spec.containers[0].name: Invalid value: "Main": ${DNS_LABEL}`,
  ],
  [
    "a mount without its volume",
    job("a", { container: { volumeMounts: [mount] } }),
    'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "v"',
  ],
  [
    "two mounts at one path",
    job("a", { container: { volumeMounts: [mount, mount] }, pod: { volumes: [{ name: "v", emptyDir: {} }] } }),
    'spec.template.spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/v": must be unique',
  ],
  [
    "an environment variable with =",
    job("a", { container: { env: [{ name: "A=B", value: "c" }] } }),
    "spec.template.spec.containers[0].env[0].name: Invalid value: \"A=B\": a valid environment variable name must consist only of printable ASCII characters other than '='",
  ],
  [
    "a pod deadline of 0",
    job("a", { pod: { activeDeadlineSeconds: 0 } }),
    "spec.template.spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive",
  ],
  [
    "a request above its limit",
    job("a", { container: { resources: { requests: { cpu: "2" }, limits: { cpu: "1" } } } }),
    'spec.template.spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
  ],
  [
    "a failure policy that is not for Never",
    job("a", {
      pod: { restartPolicy: "OnFailure" },
      spec: { podFailurePolicy: { rules: [{ action: "FailJob", onExitCodes: { operator: "In", values: [1] } }] } },
    }),
    'spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
  ],
  [
    "a label value with a blank",
    job("a", { metadata: { labels: { a: "b c" } } }),
    'metadata.labels: Invalid value: "b c": a valid label must be',
  ],
];

describe("a Job is refused for", () => {
  it.each(REFUSED_JOBS)("%s", async (_, body, message) => {
    const reply = await api.call("POST", JOBS, { body });
    expect(reply.body.message).toContain(message);
    expect(reply).toMatchObject({ code: 422, body: { reason: "Invalid", details: { group: "batch", kind: "Job" } } });
    expect(reply.body.message).toMatch(/^Job\.batch ".*" is invalid: /);
  });

  it("a quantity that is none", async () => {
    const body = job("a", { container: { resources: { limits: { cpu: "much" } } } });
    const reply = await api.call("POST", JOBS, { body });
    expect(reply).toMatchObject({ code: 400, body: { reason: "BadRequest" } });
    expect(reply.body.message).toContain("quantities must match the regular expression");
  });

  it("several things at once, each with its field", async () => {
    const body = job("a", { container: { name: "", image: "" } });
    const { body: status } = await api.call("POST", JOBS, { body });
    expect(status.message).toBe(
      'Job.batch "a" is invalid: [spec.template.spec.containers[0].name: Required value, spec.template.spec.containers[0].image: Required value]',
    );
    expect(status.details.causes).toEqual([
      { reason: "FieldValueRequired", message: "Required value", field: "spec.template.spec.containers[0].name" },
      { reason: "FieldValueRequired", message: "Required value", field: "spec.template.spec.containers[0].image" },
    ]);
  });
});

describe("what cannot be changed later", () => {
  const merge = { "content-type": "application/merge-patch+json" };

  it("is a Job's template, but where its pods go while it has not started", async () => {
    await api.call("POST", JOBS, { body: job("fixed") });
    const patch = (spec: object) =>
      api.call("PATCH", `${JOBS}/fixed`, { body: { spec: { template: { spec } } }, headers: merge });
    expect((await patch({ nodeSelector: { a: "b" } })).code).toBe(200);
    const refused = await patch({ terminationGracePeriodSeconds: 1 });
    expect(refused.code).toBe(422);
    expect(refused.body.message).toMatch(/spec\.template: Invalid value: .*: field is immutable$/);
  });

  it("is a pod's spec", async () => {
    await api.call("POST", `${ROOT}/pods`, { body: pod("fixed") });
    const body = { spec: { restartPolicy: "Always" } };
    const reply = await api.call("PATCH", `${ROOT}/pods/fixed`, { body, headers: merge });
    expect(reply.body.message).toContain("spec: Forbidden: pod updates may not change fields other than");
  });

  it("is the content of an immutable Secret, and the type of any", async () => {
    await api.call("POST", `${ROOT}/secrets`, { body: secret("fixed", { immutable: true, stringData: { a: "b" } }) });
    const reply = await api.call("PATCH", `${ROOT}/secrets/fixed`, { body: { data: { a: "Yw==" } }, headers: merge });
    expect(reply.body.message).toBe(
      'Secret "fixed" is invalid: data: Forbidden: field is immutable when `immutable` is set',
    );
    const typed = await api.call("PATCH", `${ROOT}/secrets/fixed`, { body: { type: "x" }, headers: merge });
    expect(typed.body.message).toContain('type: Invalid value: "x": field is immutable');
  });
});

describe("sizes", () => {
  it("allow a Secret of exactly 1 MiB", async () => {
    const data = (size: number) => ({ data: { a: Buffer.alloc(size).toString("base64") } });
    expect((await api.call("POST", `${ROOT}/secrets`, { body: secret("full", data(1_048_576)) })).code).toBe(201);
    const over = await api.call("POST", `${ROOT}/secrets`, { body: secret("over", data(1_048_577)) });
    expect(over).toMatchObject({
      code: 422,
      body: { message: 'Secret "over" is invalid: data: Too long: may not be more than 1048576 bytes' },
    });
  });

  it("end where etcd's do", async () => {
    const env = Array.from({ length: 21 }, (_, i) => ({ name: `E${i}`, value: "x".repeat(100_000) }));
    const reply = await api.call("POST", `${ROOT}/pods`, { body: pod("big", { container: { env } }) });
    expect(reply).toMatchObject({ code: 500, body: { message: "etcdserver: request is too large" } });
  });
});

describe("quantities", () => {
  it("come back in canonical form", async () => {
    const limits = { cpu: "1000m", memory: "1024Mi" };
    const requests = { cpu: "0.25", memory: "1e6" };
    const { body } = await api.call("POST", `${ROOT}/pods`, {
      body: pod("sized", { container: { resources: { limits, requests } } }),
    });
    expect(body.spec.containers).toMatchObject([
      { resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "250m", memory: "1M" } } },
    ]);
    expect(body.status.qosClass).toBe("Burstable");
  });
});
