/**
 * Where this Paperclip has Jobs: a cluster cannot tell which other clusters and namespaces there are, and after a crash
 * nobody else remembers. Kept in Paperclip's home; paths and names only, no credential.
 */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { readGuardedText } from "../../files/guarded-file.ts";
import { keptFiles } from "../../paperclip/kept-files.ts";

const place = z.object({
  kubeconfig: z.string().nullable(),
  context: z.string().nullable(),
  /** Null: that of the cluster's own context. */
  namespace: z.string().nullable(),
});
export type RunPlace = Readonly<z.infer<typeof place>>;

const written = z.object({ places: z.array(place) });

/** Bytes of the file: more was not written here. */
const MAX_BYTES = 1024 * 1024;

/** The most that are remembered, newest first. */
const MAX_PLACES = 50;

export const placesFile = (env: NodeJS.ProcessEnv): string => join(keptFiles(env), "places.json");

/** An unreadable file holds nothing. */
export async function readPlaces(file: string): Promise<readonly RunPlace[]> {
  try {
    return written.parse(JSON.parse(await readGuardedText(file, { maxBytes: MAX_BYTES, links: false }))).places;
  } catch {
    return [];
  }
}

/** Of this process: two that read before either writes would lose one place. */
let writing: Promise<unknown> = Promise.resolve();

/** Rejects when the file cannot be written. */
export function rememberPlace(file: string, one: RunPlace): Promise<void> {
  const written = writing.then(() => addPlace(file, one));
  writing = written.catch(() => "its caller is told");
  return written;
}

async function addPlace(file: string, one: RunPlace): Promise<void> {
  const known = await readPlaces(file);
  const others = known.filter((other) => keyOf(other) !== keyOf(one));
  if (others.length < known.length) return;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  // Replaced in one step: two processes may write at the same time, and a crash may come between.
  const draft = `${file}.${process.pid}-${crypto.randomUUID()}`;
  await writeFile(draft, `${JSON.stringify({ places: [one, ...others].slice(0, MAX_PLACES) }, null, 2)}\n`, {
    mode: 0o600,
  });
  await rename(draft, file);
}

const keyOf = ({ kubeconfig, context, namespace }: RunPlace): string =>
  JSON.stringify([kubeconfig, context, namespace]);
