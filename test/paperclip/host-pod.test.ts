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
    // A chart that sets HOSTNAME gives the name by the downward API.
    expect(await hostPodAddress({ ...all, HOSTNAME: "app", POD_NAME: "p-0" }, file)).toMatchObject({ name: "p-0" });
    expect(await hostPodAddress({ ...all, POD_NAME: "x", PAPERCLIP_K8S_POD: "p-1" }, file)).toMatchObject({
      name: "p-1",
    });
  });
});

describe("what is taken over from Paperclip's own pod", () => {
  it("case 14: is that of the container named paperclip, whatever the first one is", () => {
    const facts = readHostPod(pod(), { home: "/paperclip" });
    expect(facts?.image).toBe("paperclip:1");
    expect(facts?.homeClaim).toEqual({ claimName: "paperclip-data", subPath: "home", mountPath: "/paperclip" });
    expect(facts?.user).toEqual({ uid: 1001, gid: null, fsGroup: 2000, groups: [2000] });
    expect(facts?.tolerations).toEqual([
      { key: "agents", operator: "Exists" },
      { key: "node.kubernetes.io/unschedulable", operator: "Exists" },
    ]);
  });

  const mounts = [{ name: "data", mountPath: "/paperclip" }];
  it.each([
    ["the only one, whatever its name", [{ name: "web", image: "x" }], {}, "web"],
    [
      "the one that kubectl would take",
      [
        { name: "proxy", image: "p" },
        { name: "app", image: "x" },
      ],
      { annotations: { "kubectl.kubernetes.io/default-container": "app" } },
      "app",
    ],
    [
      "the one with Paperclip's home",
      [
        { name: "proxy", image: "p" },
        { name: "server", image: "x", volumeMounts: mounts },
      ],
      {},
      "server",
    ],
    [
      "the one with Paperclip's image",
      [
        { name: "proxy", image: "p" },
        { name: "server", image: "ghcr.io/paperclipai/paperclip:1" },
      ],
      {},
      "server",
    ],
    [
      "none where several might be",
      [
        { name: "a", image: "x" },
        { name: "b", image: "y" },
      ],
      {},
      undefined,
    ],
  ])("is that of %s", (_, containers, metadata, name) => {
    const found = readHostPod(
      { ...pod({ containers }), metadata: { name: "p", namespace: "n", ...metadata } },
      { home: "/paperclip" },
    );
    expect(found?.container).toBe(name);
  });

  it("is that of the container that the operator names, or nothing", () => {
    const containers = [
      { name: "a", image: "x" },
      { name: "paperclip", image: "y" },
    ];
    expect(readHostPod(pod({ containers }), { home: "/p", container: "a" })?.image).toBe("x");
    expect(readHostPod(pod({ containers }), { home: "/p", container: "c" })).toBeNull();
  });

  it("is no volume that is not mounted at Paperclip's home, or is no claim", () => {
    expect(readHostPod(pod(), { home: "/elsewhere" })?.homeClaim).toBeNull();
    expect(
      readHostPod(pod({ volumes: [{ name: "data", emptyDir: {} }] }), { home: "/paperclip" })?.homeClaim,
    ).toBeNull();
  });
});
