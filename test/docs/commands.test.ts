/**
 * Each command block of the documentation is run: here, as it stands, on a devcluster beside which an agent has worked,
 * unless the page's source names another test for it, or a reason (test/docs/marks.test.ts). CONTRIBUTING.md tells how.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubectlVersion } from "../../devcluster/test/kubectl/kubectl.ts";
import { hasHelm } from "../deploy/support/helm.ts";
import { some } from "../support/thoroughness.ts";
import { blocksOf, type CommandBlock, pages } from "./support/commands.ts";
import { openScene, type Scene } from "./support/scene.ts";

const runHere = pages
  .map((page) => ({ page, blocks: blocksOf(page).filter(({ mark }) => mark.kind === "run") }))
  .filter(({ blocks }) => blocks.length > 0);

/** Programs that a machine may lack: it is said aloud where these are found. */
const lacks = ({ text }: CommandBlock): boolean =>
  (kubectlVersion === undefined && /\bkubectl\b/.test(text)) || (!hasHelm && /\bhelm\b/.test(text));

describe("the commands of", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
  }, 120_000);
  afterAll(() => scene?.[Symbol.asyncDispose]());

  it.each(some(runHere))(
    "$page",
    async ({ blocks }) => {
      await using terminal = await scene.terminal();
      for (const block of blocks) {
        if (lacks(block)) continue;
        const said = await terminal.run(block);
        // kubectl calls it a success to have found nothing.
        expect(said, `${block.page}:${block.line}`).not.toMatch(/^No resources found/m);
      }
    },
    60_000,
  );
});
