import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { Spool } from "../../../../src/run/follow/deliver/spool.ts";
import { cases } from "../../../support/thoroughness.ts";
import { openSpools } from "./open-spools.ts";

describe("Spool", () => {
  test("gives back what was put in, first in first out, whatever the turns", { timeout: 60_000 }, async () => {
    const turn = fc.oneof(
      fc.record({ push: fc.integer({ min: 1, max: 700_000 }), tag: fc.nat(1) }),
      fc.record({ take: fc.integer({ min: 1, max: 100_000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(turn, { maxLength: 20 }),
        fc.constantFrom(1, 2_000_000),
        async (turns, segmentBytes) => {
          const spool = new Spool(1000, () => undefined, { segmentBytes });
          const put: string[] = [];
          const got: string[] = [];
          const take = async (bytes: number) => {
            for (const entry of await spool.take(bytes))
              got.push(`${entry.tag} ${entry.from} ${entry.to} ${entry.bytes.length} ${entry.bytes[0]}`);
          };
          for (const next of turns) {
            if ("take" in next) await take(next.take);
            else {
              const bytes = Buffer.alloc(next.push, put.length);
              const [from, to] = [put.length, 2 ** 48 - 1 - put.length];
              put.push(`${next.tag} ${from} ${to} ${bytes.length} ${bytes[0]}`);
              spool.push({ tag: next.tag, from, to, bytes });
            }
          }
          while (!spool.empty) await take(1000);
          await spool.close();
          expect(got).toEqual(put);
        },
      ),
      { numRuns: cases(60) },
    );
  });

  test("gives the disk back what was taken, while more comes", async () => {
    const folder = await mkdtemp(join(tmpdir(), "spool-test-"));
    vi.stubEnv("TMPDIR", folder);
    const spool = new Spool(1000, () => undefined, { segmentBytes: 2_000_000 });
    const bytes = Buffer.alloc(500_000);
    const push = (count: number) => {
      for (let at = 0; at < count; at++) spool.push({ tag: 0, from: 0, to: 0, bytes });
    };
    let most = 0;
    // 40 MB pass through, of which 5 MB wait at a time.
    push(10);
    for (let at = 0; at < 80; at++) {
      push(1);
      for (let got = 0; got < 1; ) got += (await spool.take(1)).length;
      await new Promise<void>((resolve) => setImmediate(resolve));
      most = Math.max(most, openSpools().length);
    }
    // A process that is killed leaves nothing, but in the moment in which it makes a file.
    await vi.waitFor(async () => expect(await readdir(folder)).toEqual([]));
    // How many depends on how quick the disk is.
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(6);
    await spool.close();
    expect(openSpools()).toEqual([]);
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });
});
