import type { Pod } from "kubernetes-types/core/v1";
import { describe, expect, it } from "vitest";
import { hostPodAddress, readHostPod } from "../../src/paperclip/host-pod.ts";

const pod = (change: Partial<NonNullable<Pod["spec"]>> = {}): Pod => ({
  metadata: { name: "paperclip-0", namespace: "paperclip" },
  spec: {
    containers: [
      { name: "istio-proxy", image: "sidecar:1" },
      {
        name: "paperclip",
        image: "paperclip:1",
        volumeMounts: [{ name: "data", mountPath: "/paperclip/", subPath: "home" }],
      },
    ],
    volumes: [{ name: "data", persistentVolumeClaim: { claimName: "paperclip-data" } }],
    securityContext: { runAsUser: 1001, fsGroup: 2000 },
    tolerations: [
      { key: "agents", operator: "Exists" },
      { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
      { key: "node.kubernetes.io/unschedulable", operator: "Exists" },
    ],
    ...change,
  },
});

const noFile = () => Promise.reject(new Error("ENOENT"));

describe("where Paperclip's own pod is", () => {
  it("HOSTNAME in PAPERCLIP_NAMESPACE, else in POD_NAMESPACE, else in the service account's namespace", async () => {
    const file = () => Promise.resolve("from-file\n");
    const all = { HOSTNAME: "p", PAPERCLIP_NAMESPACE: "a", POD_NAMESPACE: "b" };
    expect(await hostPodAddress(all, file)).toEqual({ namespace: "a", name: "p" });
    expect(await hostPodAddress({ ...all, PAPERCLIP_NAMESPACE: "" }, file)).toEqual({ namespace: "b", name: "p" });
    expect(await hostPodAddress({ HOSTNAME: "p" }, file)).toEqual({ namespace: "from-file", name: "p" });
    expect(await hostPodAddress({ HOSTNAME: "p" }, noFile)).toBeNull();
    expect(await hostPodAddress({}, file)).toBeNull();
  });
});

describe("what is taken over from Paperclip's own pod", () => {
  it("case 14: is that of the container named paperclip, whatever the first one is", () => {
    const facts = readHostPod(pod(), "/paperclip");
    expect(facts?.image).toBe("paperclip:1");
    expect(facts?.homeClaim).toEqual({ claimName: "paperclip-data", subPath: "home", mountPath: "/paperclip" });
    expect(facts?.user).toEqual({ uid: 1001, gid: null, groups: [2000] });
    expect(facts?.tolerations).toEqual([
      { key: "agents", operator: "Exists" },
      { key: "node.kubernetes.io/unschedulable", operator: "Exists" },
    ]);
  });

  it("is nothing when no container is named paperclip", () => {
    expect(readHostPod(pod({ containers: [{ name: "web", image: "x" }] }), "/paperclip")).toBeNull();
  });

  it("is no volume that is not mounted at Paperclip's home, or is no claim", () => {
    expect(readHostPod(pod(), "/elsewhere")?.homeClaim).toBeNull();
    expect(readHostPod(pod({ volumes: [{ name: "data", emptyDir: {} }] }), "/paperclip")?.homeClaim).toBeNull();
  });
});
