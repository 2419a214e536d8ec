/** What a queue says of a Job is asked for in the version of Kueue's API that the cluster serves. */
import { expect, it } from "vitest";
import { createObservedRun } from "../../../src/run/observe/observed-run.ts";
import { queueReader } from "../../../src/run/observe/queue/read-queue.ts";
import { jobInCluster } from "../../../src/run/shared/launched-run.ts";
import { json } from "../../kubernetes/support/api-server.ts";
import { clientOf } from "../../kubernetes/support/one-client.ts";
import { JOB, RUN } from "../support/evidence.ts";

it("an older version of it is read where the cluster serves no newer one", async () => {
  const message = "couldn't assign flavors to pod set main: insufficient unused quota for cpu";
  const status = { conditions: [{ type: "QuotaReserved", status: "False", reason: "Pending", message }] };
  const { client, server } = await clientOf(({ url }, reply) => {
    if (url.pathname.includes("/v1beta1/")) json(reply, 200, { items: [{ spec: { active: true }, status }] });
    else if (url.pathname.includes("/events")) json(reply, 200, { items: [] });
    else {
      // As measured of a version that is not served (Kubernetes 1.36).
      reply.writeHead(404, { "content-type": "text/plain; charset=utf-8", "audit-id": "c09da6df" });
      reply.end("404 page not found\n");
    }
  });
  const observed = createObservedRun(RUN);
  const read = queueReader(client);
  await read(jobInCluster(JOB), observed, new AbortController().signal);
  expect(observed.evidence.queue).toMatchObject({ why: message, outlook: "waits" });
  const asked = () => server.seen.filter(({ url }) => url.pathname.includes("/workloads")).length;
  expect(asked()).toBe(2);
  await read(jobInCluster(JOB), observed, new AbortController().signal);
  expect(asked()).toBe(3);
});
