import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "../controllers/objects.ts";

/** Characters of the uid that name a pod's directory: short, because a Unix socket below it may be 104 bytes long. */
const SHORT = 8;

/** Where the node keeps what belongs to one pod. */
export class PodFiles {
  readonly directory: string;
  readonly logs: string;

  constructor(nodeDirectory: string, pod: Pod) {
    const { namespace, name, uid } = pod.metadata;
    this.directory = join(nodeDirectory, "pods", uid.slice(0, SHORT));
    this.logs = join(nodeDirectory, "logs", `${namespace}_${name}_${uid}`);
  }

  volume(name: string): string {
    return join(this.directory, "volumes", name);
  }

  /** A container's own directory; `home`, `tmp` and other private places are below it. */
  container(name: string): string {
    return join(this.directory, "containers", name);
  }

  /** @param restarts how often it was started again */
  log(container: string, restarts = 0): string {
    return join(this.logs, restarts === 0 ? container : `${container}-${restarts}`);
  }

  async prepare(
    container: string,
  ): Promise<{ home: string; tmp: string; root: string; mounts: string; terminationMessage: string }> {
    const own = this.container(container);
    const places = {
      home: join(own, "home"),
      tmp: join(own, "tmp"),
      root: join(own, "root"),
      mounts: join(own, "mounts"),
    };
    for (const place of Object.values(places)) await mkdir(place, { recursive: true });
    return { ...places, terminationMessage: join(own, "termination-log") };
  }

  /** Removes everything, the logs too. */
  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
    await rm(this.logs, { recursive: true, force: true, maxRetries: 5 });
  }
}
