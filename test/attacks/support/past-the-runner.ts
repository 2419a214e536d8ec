/**
 * An image whose `node` is not Node alone: beside the runner it writes what it likes to the container's log. On a real node
 * any process of the pod may do the same through /proc/1/fd/1; the devcluster's containers write to a socket, which cannot be
 * opened by its path.
 */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Place } from "../../cluster/support/place.ts";
import { INIT, RESULT } from "../../cluster/support/run.ts";

export class HostileImages {
  readonly #place: Place;
  readonly #folder: string;
  #count = 0;

  private constructor(place: Place, folder: string) {
    this.#place = place;
    this.#folder = folder;
  }

  static async make(place: Place): Promise<HostileImages> {
    return new HostileImages(place, await mkdtemp(join(tmpdir(), "hostile-images-")));
  }

  /** An image that writes what this program for Node prints past the runner, and an agent that waits until it has. */
  async add(program: string): Promise<{ readonly image: string; readonly agent: string }> {
    const image = `hostile-image:${++this.#count}`;
    const folder = await mkdtemp(join(this.#folder, "bin-"));
    const at = (name: string): string => join(folder, name);
    await writeFile(at("attack.cjs"), program);
    const attack = `${process.execPath} ${at("attack.cjs")}`;
    const beside = `(while [ ! -e ${at("go")} ]; do sleep 0.02; done; ${attack}; : > ${at("done")}) &`;
    const wrapper = `#!/bin/sh\ncase "$*" in *runner.mjs*) ${beside} ;; esac\nexec ${process.execPath} "$@"\n`;
    await writeFile(at("node"), wrapper);
    await chmod(at("node"), 0o755);
    this.#place.images[image] = { env: { PATH: [folder, dirname(process.execPath), "/usr/bin", "/bin"].join(":") } };
    const agent = `cat >/dev/null; ${INIT}; : > ${at("go")}; while [ ! -e ${at("done")} ]; do sleep 0.02; done; ${RESULT}`;
    return { image, agent };
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}
