/** Which leases of shared files are renewed for the Jobs that are there, on an API that answers as the cluster does. */
import type { Job } from "kubernetes-types/batch/v1";
import { expect, it } from "vitest";
import { Installation } from "../../../src/paperclip/installation.ts";
import { renewLeases } from "../../../src/run/launch/launch.ts";
import { bundleHolder } from "../../../src/run/plan/plan.ts";
import { planRun } from "../../../src/run/plan/run-plan.ts";
import { QUEUE_LABEL } from "../../../src/run/shared/names.ts";
import { json, refuse } from "../../kubernetes/support/api-server.ts";
import { clientOf } from "../../kubernetes/support/one-client.ts";
import { bundle, input } from "../support/plan-input.ts";

const HOUR = 3600_000;
const DAY = 24 * HOUR;
const text = "Be kind. ".repeat(1000);
const plan = planRun(input({ bundle: bundle({ instructions: { path: "/host/AGENTS.md", text, folder: null } }) }));
const [{ name = "" } = {}] = plan.bundles;

interface World {
  /** Milliseconds that the Job has lived. */
  readonly age: number;
  readonly queue?: string;
  readonly status?: Job["status"];
  /** Milliseconds that the lease has still. */
  readonly left: number;
  /** Who made the holder. @default the Job's own Paperclip */
  readonly holderOf?: Installation;
  readonly conflicts?: boolean;
}

/** Until when the lease is held afterwards, milliseconds from now; null: it was not touched. And how often the API was asked. */
async function renewed({ age, queue, status, left, holderOf, conflicts }: World) {
  let asked = 0;
  let ttl: number | null = null;
  const { client, clock } = await clientOf(({ method, body }, reply) => {
    asked += 1;
    if (method === "GET") return json(reply, 200, { metadata: { resourceVersion: "9" }, items: [holder] });
    if (conflicts) return refuse(reply, 409, "Conflict", "the object has been modified");
    const { metadata, spec } = JSON.parse(body) as Job;
    expect(metadata).toEqual({ uid: "holder", resourceVersion: "7" });
    ttl = spec?.ttlSecondsAfterFinished ?? null;
    json(reply, 200, holder);
  });
  const now = clock.now();
  const made = now - age;
  const owner = { ...plan, installation: holderOf ?? plan.installation };
  const object = bundleHolder(name, owner, (age + left) / 1000);
  const metadata = { uid: "holder", resourceVersion: "7", creationTimestamp: new Date(made).toISOString() };
  const holder = { ...object, metadata: { ...object.metadata, ...metadata } };
  const labels = { ...plan.job.metadata?.labels, ...(queue && { [QUEUE_LABEL]: queue }) };
  const job: Job = {
    ...plan.job,
    metadata: { ...plan.job.metadata, labels, creationTimestamp: new Date(made).toISOString() },
    spec: { template: {}, ...plan.job.spec, suspend: false },
    ...(status && { status }),
  };
  const { signal } = new AbortController();
  const { namespace, installation } = plan;
  await renewLeases({ client, namespace, installation, jobs: [job], signal });
  return { until: ttl === null ? null : made + ttl * 1000 - now, asked };
}

const ended = { conditions: [{ type: "Complete", status: "True" }] };

it.each<[string, World, number]>([
  ["works in a queue for days", { age: 6 * DAY, queue: "team", status: { ready: 1 }, left: DAY }, 7 * DAY + 2 * HOUR],
  ["waits in a queue for days", { age: 6 * DAY, queue: "team", left: DAY }, 7 * DAY + 2 * HOUR],
  ["waits for its pod", { age: HOUR, status: { active: 1, ready: 0 }, left: 0.5 * HOUR }, 2 * HOUR],
])("a Job that %s gets a longer one", async (_, world, until) => {
  expect(await renewed(world)).toEqual({ until, asked: 2 });
});

it.each<[string, World, number]>([
  ["is young", { age: 10 * 60_000, left: 0.5 * HOUR }, 0],
  ["is young for a queue's", { age: 20 * HOUR, queue: "team", left: DAY }, 0],
  ["works, and nobody takes it back", { age: DAY, status: { ready: 1 }, left: 0.5 * HOUR }, 0],
  ["has ended", { age: 6 * DAY, queue: "team", status: ended, left: DAY }, 0],
  ["has enough", { age: 2 * DAY, queue: "team", left: 5 * DAY }, 1],
  ["has one that may end at any moment", { age: 6 * DAY, queue: "team", left: 5 * 60_000 }, 1],
  [
    "has the name of somebody else's",
    { age: 6 * DAY, queue: "team", left: DAY, holderOf: new Installation("installation-1", "default", "another") },
    1,
  ],
])("nothing is done for one that %s", async (_, world, asked) => {
  expect(await renewed(world)).toEqual({ until: null, asked });
});

it("one that another server renews at the same time is that server's", async () => {
  expect(await renewed({ age: 6 * DAY, queue: "team", left: DAY, conflicts: true })).toEqual({ until: null, asked: 2 });
});
