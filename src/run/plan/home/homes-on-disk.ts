/** The private homes that lie in Paperclip's home, and whose they are. */
import { join } from "node:path";
import { GuardedFolder } from "../../../files/guarded-folder.ts";
import { removeFolder } from "../../../files/remove-folder.ts";
import { HOMES_FOLDER, privateHome, type Tenant } from "./entitlement.ts";

/** Names in a folder that are looked at. */
const MOST_NAMES = 10_000;

interface FoundHome {
  readonly path: string;
  /** The names of the two folders, which are the ids where those are plain. */
  readonly tenant: Tenant;
}

/** Never rejects: what cannot be read holds none. @param home Paperclip's */
export async function homesInPaperclipsHome(home: string): Promise<readonly FoundHome[]> {
  const found: FoundHome[] = [];
  try {
    await using root = await GuardedFolder.open(home);
    await using homes = await root.enterAll(HOMES_FOLDER);
    for (const company of (await homes?.names(MOST_NAMES)) ?? []) {
      await using folder = (await homes?.enter(company).catch(() => null)) ?? null;
      for (const agent of (await folder?.names(MOST_NAMES)) ?? [])
        found.push({
          path: join(home, ...HOMES_FOLDER, company, agent),
          tenant: { companyId: company, agentId: agent },
        });
    }
  } catch {
    // No home, or one that cannot be read.
  }
  return found;
}

/** Removes one of them with all that is in it. Rejects as the system does, such as for files of another user. */
export async function removeHome(home: string, tenant: Tenant): Promise<void> {
  const [company = "", agent = ""] = privateHome(tenant).slice(HOMES_FOLDER.length);
  await using root = await GuardedFolder.open(home);
  await using folder = await root.enterAll([...HOMES_FOLDER, company]);
  if (folder) await removeFolder(folder, agent);
}
