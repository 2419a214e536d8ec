/** A registry with one package, packed as it will be published: an operator's `npm install` as it will be after publishing. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export interface Registry {
  readonly url: string;
  /** How often the tarball was fetched. */
  readonly downloads: number;
  /** Another version of the package, from now on the latest. */
  publish(tarball: string, packageFolder: string): Promise<void>;
  stop(): Promise<void>;
}

interface Version {
  readonly manifest: Record<string, unknown>;
  readonly bytes: Buffer;
}

async function readVersion(tarball: string, packageFolder: string): Promise<Version> {
  const manifest = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8")) as Record<string, unknown>;
  return { manifest, bytes: await readFile(tarball) };
}

export async function startRegistry(tarball: string, packageFolder: string): Promise<Registry> {
  const published = [await readVersion(tarball, packageFolder)];
  const name = String(published[0]?.manifest.name);
  let downloads = 0;
  const server = http.createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://registry").pathname;
    const asked = published.find(({ manifest }) => path === `/${manifest.version}.tgz`);
    if (asked) {
      downloads += 1;
      response.writeHead(200, { "content-type": "application/octet-stream" }).end(asked.bytes);
    } else if (path === `/${name}`) {
      const versions = published.map(({ manifest, bytes }) => {
        const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
        const dist = { tarball: `http://${request.headers.host}/${manifest.version}.tgz`, integrity };
        return [manifest.version, { ...manifest, scripts: {}, devDependencies: {}, dist }] as const;
      });
      const latest = published.at(-1)?.manifest.version;
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ name, "dist-tags": { latest }, versions: Object.fromEntries(versions) }));
    } else response.writeHead(404, { "content-type": "application/json" }).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    get downloads() {
      return downloads;
    },
    async publish(another, folder) {
      published.push(await readVersion(another, folder));
    },
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
