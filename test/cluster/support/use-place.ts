/** Hooks that a file of tests shares: its place, and its gates. */
import { afterAll, beforeAll, describe, it } from "vitest";
import type { Devcluster, DevclusterOptions } from "../../../devcluster/src/index.ts";
import { Gates } from "./gate.ts";
import { type DevclusterPlace, openDevclusterPlace, openPlace, type Place } from "./place.ts";

const OPENS_WITHIN_MS = 120_000;

/** Opens a place before the file's tests and closes it after them. @param set what else is set up in it is awaited */
export function usePlace(
  set: (place: Place) => void | Promise<void>,
  options?: Pick<DevclusterOptions, "bookmarkInterval" | "kueue">,
): void {
  let place: Place | undefined;
  beforeAll(async () => {
    place = await openPlace(options);
    await set(place);
  }, OPENS_WITHIN_MS);
  afterAll(() => place?.close());
}

/** For tests of what only the devcluster can do, such as faults: on a real cluster they are skipped. */
export const onDevcluster = describe.skipIf(process.env.TEST_KUBECONFIG);

/** Opens a devcluster for a file whose tests are all `onDevcluster`. */
export function useDevcluster(set: (place: Place, devcluster: Devcluster) => void): void {
  let place: Place | undefined;
  beforeAll(async () => {
    if (process.env.TEST_KUBECONFIG) return;
    const opened = await openDevclusterPlace();
    place = opened;
    set(opened, opened.devcluster);
  }, OPENS_WITHIN_MS);
  afterAll(() => place?.close());
}

/** A test with a devcluster of its own, which it may break while others of its file run beside it. */
export const itsOwn = it.extend<{ place: DevclusterPlace; devcluster: Devcluster }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern what a fixture needs
  place: async ({}, use) => {
    const place = await openDevclusterPlace();
    await use(place);
    await place.close();
  },
  devcluster: ({ place }, use) => use(place.devcluster),
});

/** Gates for all tests of the file. */
export function useGates(set: (gates: Gates) => void): void {
  let gates: Gates | undefined;
  beforeAll(async () => {
    gates = await Gates.make();
    set(gates);
  });
  afterAll(() => gates?.remove());
}
