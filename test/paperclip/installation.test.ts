import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serverIdentity } from "../../src/paperclip/database.ts";
import { labelOf, readInstallation } from "../../src/paperclip/installation.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "installation-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const server = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  PAPERCLIP_HOME: home,
  PAPERCLIP_LISTEN_PORT: "3100",
  ...more,
});
const label = async (env: NodeJS.ProcessEnv): Promise<string> => (await readInstallation(env, null)).label;
const external = (url: string): NodeJS.ProcessEnv => server({ DATABASE_URL: url });

/** As PostgreSQL writes it: the system identifier, and much else. */
async function embedded(folder: string, identifier: bigint): Promise<void> {
  const file = Buffer.alloc(8192, 7);
  file.writeBigUInt64LE(identifier);
  await mkdir(join(folder, "global"), { recursive: true });
  await writeFile(join(folder, "global/pg_control"), file, { mode: 0o600 });
}

describe("the label of a Paperclip", () => {
  it("stays what it was in the version before: its Jobs are known by it", () => {
    expect(labelOf("default", null)).toBe("c9e6d5dbdb382079");
    expect(labelOf("default", "postgres://db:5432/paperclip")).toBe("a61dddfc047f7c96");
    expect(labelOf("default", "pg_control:7390000000000000000")).toBe("4eda6a6d7d5c1823");
  });

  it("is that of its external database, without the credentials, from wherever the server runs", async () => {
    const url = "postgres://paperclip:one@DB.example/paperclip?sslmode=require";
    const one = await label(external(url));
    expect(one).toBe(labelOf("default", "postgres://db.example:5432/paperclip"));
    const later = { ...external("postgresql://other:two@db.example:5432/paperclip"), PAPERCLIP_HOME: "/elsewhere" };
    expect(await label(later)).toBe(one);
    for (const other of [
      "postgres://db2.example/paperclip",
      "postgres://db.example:5433/paperclip",
      "postgres://db.example/two",
    ])
      expect(await label(external(other)), other).not.toBe(one);
  });

  it("is the same where config.json names the database", async () => {
    const root = join(home, "instances/default");
    await mkdir(root, { recursive: true });
    const database = { mode: "postgres", connectionString: "postgres://u:p@db.example/paperclip" };
    await writeFile(join(root, "config.json"), JSON.stringify({ database }));
    expect(await label(server())).toBe(labelOf("default", "postgres://db.example:5432/paperclip"));
    await writeFile(join(home, "elsewhere.json"), JSON.stringify({ database }));
    const named = server({ PAPERCLIP_CONFIG: join(home, "elsewhere.json"), PAPERCLIP_INSTANCE_ID: "other" });
    expect(await label(named)).toBe(labelOf("other", "postgres://db.example:5432/paperclip"));
  });

  it("differs between two embedded databases under the same path, and moves with its folder", async () => {
    await embedded(join(home, "instances/default/db"), 7390000000000000000n);
    expect(await label(server())).toBe(labelOf("default", "pg_control:7390000000000000000"));
    const moved = await mkdtemp(join(tmpdir(), "moved-"));
    await embedded(join(moved, "instances/default/db"), 7390000000000000000n);
    expect(await label(server({ PAPERCLIP_HOME: moved }))).toBe(await label(server()));
    const other = await mkdtemp(join(tmpdir(), "other-"));
    await embedded(join(other, "instances/default/db"), 7390000000000000001n);
    expect(await label(server({ PAPERCLIP_HOME: other }))).not.toBe(await label(server()));
    for (const folder of [moved, other]) await rm(folder, { recursive: true });
  });

  it("differs between instances, and is the operator's name where there is one", async () => {
    expect(await label(server({ PAPERCLIP_INSTANCE_ID: "worktree" }))).not.toBe(await label(server()));
    expect((await readInstallation(server(), "team-a")).label).toBe("team-a");
  });

  it("stays for the life of the process, whatever becomes of the disk", async () => {
    await embedded(join(home, "instances/default/db"), 1n);
    const before = await label(server());
    await rm(home, { recursive: true });
    expect(await label(server())).toBe(before);
  });

  it("asks no database of a program that is no Paperclip server", async () => {
    await embedded(join(home, "instances/default/db"), 1n);
    expect(await label({ PAPERCLIP_HOME: home, DATABASE_URL: "postgres://somebodys/db" })).toBe(
      labelOf("default", null),
    );
  });

  it("reveals no credential", () => {
    expect(serverIdentity("postgres://user:secret@db/x?password=more&sslkey=/k")).toBe("postgres://db:5432/x");
    expect(serverIdentity("postgres:///x?host=/var/run/postgresql")).toBe("postgres:///var/run/postgresql:5432/x");
    expect(serverIdentity("no address: secret")).toBeNull();
  });
});

describe("what a Paperclip signs", () => {
  const withSecret = (secret: string, name: string) => readInstallation({ PAPERCLIP_AGENT_JWT_SECRET: secret }, name);

  it("is recognised by all its servers, and by no other", async () => {
    const [one, replica] = await Promise.all([withSecret("secret", "a"), withSecret("secret", "a")]);
    const signature = one.sign("text") ?? "";
    expect(replica.hasSigned("text", signature)).toBe(true);
    expect(replica.hasSigned("other", signature)).toBe(false);
    expect(replica.hasSigned("text", "")).toBe(false);
    expect((await withSecret("secret", "b")).hasSigned("text", signature)).toBe(false);
    expect((await withSecret("another", "a")).hasSigned("text", signature)).toBe(false);
  });

  it("is nothing without a secret; none is ever shown", async () => {
    const none = await readInstallation({}, "a");
    expect([none.hasSecret, none.sign("text"), none.hasSigned("text", "")]).toEqual([false, null, false]);
    const one = await readInstallation({ BETTER_AUTH_SECRET: "top-secret" }, "a");
    expect(one.hasSecret).toBe(true);
    expect(inspect(one, { showHidden: true, depth: 9 }) + JSON.stringify(one)).not.toContain("top-secret");
  });
});
