/** A registry with one package, our packed tarball: an operator's `npm install` as it will be after publishing. */
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
  stop(): Promise<void>;
}

export async function startRegistry(tarball: string, packageFolder: string): Promise<Registry> {
  const manifest = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8")) as Record<string, unknown>;
  const bytes = await readFile(tarball);
  const name = String(manifest.name);
  const version = String(manifest.version);
  let downloads = 0;
  const server = http.createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://registry").pathname;
    if (path === "/tarball.tgz") {
      downloads += 1;
      response.writeHead(200, { "content-type": "application/octet-stream" }).end(bytes);
    } else if (path === `/${name}`) {
      const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
      const dist = { tarball: `http://${request.headers.host}/tarball.tgz`, integrity };
      const versions = { [version]: { ...manifest, scripts: {}, devDependencies: {}, dist } };
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ name, "dist-tags": { latest: version }, versions }));
    } else response.writeHead(404, { "content-type": "application/json" }).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    get downloads() {
      return downloads;
    },
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
