/** The private homes that lie in Paperclip's home, and whose they are. */
import { join } from "node:path";
import { GuardedFolder } from "../../../files/guarded-folder.ts";
import { HOMES_FOLDER, privateHome, type Tenant } from "./entitlement.ts";

/** Names in a folder that are looked at. */
const MOST_NAMES = 10_000;

/** Their paths. Never rejects: what cannot be read holds none. @param home Paperclip's */
export async function homesInPaperclipsHome(home: string): Promise<readonly string[]> {
  const paths: string[] = [];
  try {
    await using root = await GuardedFolder.open(home);
    await using homes = await root.enterAll(HOMES_FOLDER);
    for (const company of (await homes?.names(MOST_NAMES)) ?? []) {
      await using folder = (await homes?.enter(company).catch(() => null)) ?? null;
      for (const agent of (await folder?.names(MOST_NAMES)) ?? [])
        paths.push(join(home, ...HOMES_FOLDER, company, agent));
    }
  } catch {
    // No home, or one that cannot be read.
  }
  return paths;
}

/** @param path of `homesInPaperclipsHome` */
export const isHomeOf = (path: string, tenant: Tenant): boolean => path.endsWith(join("/", ...privateHome(tenant)));
