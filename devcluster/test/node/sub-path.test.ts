/** A volume that a container mounts several times, in parts. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../src/types.ts";
import { NAMESPACE, sh, startCluster } from "./support/cluster.ts";
import { runPod } from "./support/run-pod.ts";

/** Mount namespaces are what Linux gives to some processes only. */
const hasNamespaces = (): boolean => {
  for (const options of [[], ["--user", "--map-current-user", "--keep-caps"]]) {
    try {
      execFileSync("unshare", [...options, "--mount", "mount", "--bind", "/tmp", "/tmp"], { stdio: "ignore" });
      return true;
    } catch {
      // The next one.
    }
  }
  return false;
};

interface Waiting extends KubeObject {
  readonly status?: { readonly containerStatuses?: readonly { readonly state?: { readonly waiting?: object } }[] };
}

async function withClaim(name: string) {
  const cluster = await startCluster();
  cluster.store.create("persistentvolumeclaims", {
    metadata: { name, namespace: NAMESPACE },
    spec: { accessModes: ["ReadWriteMany"], resources: { requests: { storage: "1Gi" } } },
  });
  const folder = join(cluster.directory, "claims", NAMESPACE, name);
  mkdirSync(folder, { recursive: true });
  return { cluster, folder, volumes: [{ name: "home", persistentVolumeClaim: { claimName: name } }] };
}

describe("a volume that is mounted in parts", () => {
  it.skipIf(!hasNamespaces())(
    "is seen as the container has it: one part over another, read-only, no more",
    async () => {
      const { cluster, folder, volumes } = await withClaim("work");
      await using _ = cluster;
      for (const name of ["homes/a", "work/a", "rules/a", "homes/b"]) {
        mkdirSync(join(folder, name), { recursive: true });
        writeFileSync(join(folder, name, "file"), name);
      }
      const volumeMounts = [
        { name: "home", mountPath: join(folder, "rules/a"), subPath: "rules/a", readOnly: true },
        { name: "home", mountPath: folder, subPath: "homes/a" },
        { name: "home", mountPath: join(folder, "work/a"), subPath: "work/a" },
      ];
      const script = `cd ${folder}; pwd; find . -type f | sort; echo x > rules/a/new; echo x > work/a/new; ls -d /proc/1 work/*; cd ..; ls ${folder}/homes`;
      const spec = sh(script, { volumeMounts });
      const [container] = spec.containers;
      const { log } = await runPod(cluster, { ...spec, containers: [{ ...container, workingDir: folder }], volumes });
      expect(log.split("\n").slice(0, 4)).toEqual([folder, "./file", "./rules/a/file", "./work/a/file"]);
      expect(log).toMatch(/rules\/a\/new: Read-only file system/);
      expect(readdirSync(join(folder, "work/a"))).toEqual(["file", "new"]);
      expect(readdirSync(join(folder, "rules/a"))).toEqual(["file"]);
      expect(log).toMatch(/homes'?: No such file/);
    },
  );

  it("is made where it is missing, with the volume's mode, and through links that stay in the volume", async () => {
    const { cluster, folder, volumes } = await withClaim("work");
    await using _ = cluster;
    mkdirSync(join(folder, "secret"));
    writeFileSync(join(folder, "secret/file"), "found by a link\n");
    symlinkSync("secret", join(folder, "link"));
    const volumeMounts = [
      { name: "home", mountPath: "/a", subPath: "new/one" },
      { name: "home", mountPath: "/b", subPath: "link" },
    ];
    const { log } = await runPod(cluster, { ...sh("ls -d /a; cat /b/file", { volumeMounts }), volumes });
    expect(log).toContain("found by a link\n");
    expect(statSync(join(folder, "new/one")).mode & 0o777).toBe(statSync(folder).mode & 0o777);
  });

  it("keeps a container from starting where a link leads out of the volume", async () => {
    const { cluster, folder, volumes } = await withClaim("work");
    await using _ = cluster;
    symlinkSync("/etc", join(folder, "link"));
    symlinkSync("/nowhere", join(folder, "lost"));
    for (const [subPath, message] of [
      ["link", 'failed to prepare subPath for volumeMount "home" of container "main"'],
      ["lost/x", 'failed to create subPath directory for volumeMount "home" of container "main"'],
    ] as const) {
      const volumeMounts = [{ name: "home", mountPath: "/a", subPath }];
      const name = subPath.replace("/", "-");
      cluster.createPod(name, { ...sh("echo never", { volumeMounts }), volumes });
      const waiting = () =>
        cluster.store.get<Waiting>("pods", NAMESPACE, name)?.status?.containerStatuses?.[0]?.state?.waiting;
      await expect.poll(waiting, { timeout: 10_000 }).toEqual({ reason: "CreateContainerConfigError", message });
    }
  });
});
