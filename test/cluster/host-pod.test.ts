import { expect, it } from "vitest";
import type { CheckContext } from "../../src/doctor/check.ts";
import { checkHostPod } from "../../src/doctor/checks/host-pod.ts";
import { pods } from "../../src/kubernetes/resource-types.ts";
import { findHostPod } from "../../src/run/plan/plan.ts";
import { furnishHostPod } from "./support/host-pod.ts";
import type { Place } from "./support/place.ts";
import { onDevcluster, usePlace } from "./support/use-place.ts";

let place: Place;
usePlace((opened) => {
  place = opened;
});

onDevcluster("Paperclip's own pod", () => {
  it("is found by its address where HOSTNAME was changed, and what is taken over is listed with what ends it", async () => {
    const { admin, namespace } = place;
    const env = await furnishHostPod(place);
    const name = env.HOSTNAME ?? "";
    const address = async (): Promise<string> => {
      const found = await admin.find(pods, namespace, name);
      if (found?.status?.phase === "Running" && found.status.podIP) return found.status.podIP;
      await admin.clock.sleep(20);
      return address();
    };
    const own = await address();
    const readFile = () => Promise.reject(new Error("ENOENT"));
    const find = (more: NodeJS.ProcessEnv, addresses: readonly string[]) =>
      findHostPod(admin, { env: { ...env, ...more }, readFile, addresses: () => addresses });
    const hostPod = await find({ HOSTNAME: "renamed" }, ["203.0.113.7", own]);
    expect(hostPod).toMatchObject({ kind: "found", pod: { name, container: "paperclip" } });
    expect(await find({ HOSTNAME: "renamed" }, ["203.0.113.7"])).toMatchObject({ kind: "none" });
    // Who names it means that one.
    expect(await find({ POD_NAME: "another" }, [own])).toMatchObject({ kind: "none" });
    expect(await find({ PAPERCLIP_K8S_CONTAINER: "web" }, [own])).toMatchObject({
      kind: "none",
      why: expect.stringContaining("no container web"),
    });
    const [check] = await checkHostPod({ hostPod, namespace } as CheckContext);
    expect(check?.message).toMatch(/image \S+ \(set `image`\)/);
    expect(check?.message).toMatch(/user 1000 \(set `runAsUser`\)/);
    expect(check?.message).toMatch(/home volume paperclip-home \(set `homeClaim`, or `home: none` in the policy\)/);
  });
});
