/**
 * Which database this Paperclip has, in words that hold no credential. Paperclip has no id of its own that is unique: every
 * installation is called `default`, and its embedded database lies under the same path in every pod (2026.916.1).
 */
import { join, resolve } from "node:path";
import { readGuarded, readGuardedText } from "../files/guarded-file.ts";
import { paperclipHome } from "./kept-files.ts";
import { record, text } from "./wake.ts";

/** Bytes of Paperclip's config.json, and of PostgreSQL's pg_control, which has 8 KiB. */
const MAX_BYTES = 1024 * 1024;

/** Null when it cannot be told. Never rejects. */
export async function databaseIdentity(env: NodeJS.ProcessEnv, instanceId: string): Promise<string | null> {
  const root = resolve(paperclipHome(env), "instances", instanceId);
  const config = await readDatabaseConfig(env.PAPERCLIP_CONFIG?.trim() || join(root, "config.json"));
  const url = env.DATABASE_URL?.trim() || (config.mode === "postgres" ? text(config.connectionString) : null);
  if (url) return serverIdentity(url);
  return embeddedIdentity(resolve(text(config.embeddedPostgresDataDir) ?? join(root, "db")));
}

async function readDatabaseConfig(file: string): Promise<Record<string, unknown>> {
  try {
    return record(record(JSON.parse(await readGuardedText(file, { maxBytes: MAX_BYTES }))).database);
  } catch {
    return {};
  }
}

/** Host, port and name of the database: two servers on one database agree on them, and a new password changes nothing. */
export function serverIdentity(url: string): string | null {
  try {
    const { hostname, port, pathname, searchParams } = new URL(url);
    const host = hostname || searchParams.get("host") || "localhost";
    const name = decodeURIComponent(pathname.replace(/^\//, ""));
    return `postgres://${host.toLowerCase()}:${port || searchParams.get("port") || "5432"}/${name}`;
  } catch {
    return null;
  }
}

/**
 * The system identifier that PostgreSQL draws when it creates a database cluster, the first eight bytes of pg_control: it
 * stays over restarts and minor upgrades, and moves with the folder.
 */
async function embeddedIdentity(folder: string): Promise<string | null> {
  try {
    const { bytes } = await readGuarded(join(folder, "global", "pg_control"), { maxBytes: MAX_BYTES });
    return bytes.length < 8 ? null : `pg_control:${bytes.readBigUInt64LE(0)}`;
  } catch {
    return null;
  }
}
