/** How the package is bundled, and with it the programs that tests and benchmarks start. */
import { resolve } from "node:path";
import type { Plugin } from "esbuild";

/** Bundled CommonJS packages call `require` for Node's own modules, which an ES module does not have. */
export const REQUIRE = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`;

/**
 * Packages that do not say that their modules are free of side effects. Of the first, 800 generated models would come along
 * with the one class that reads kubeconfigs: 16 MB; of the second, all of Paperclip's schemas with one sentence.
 */
const LEAN = /[\\/]node_modules[\\/]@(kubernetes[\\/]client-node|paperclipai[\\/]shared)[\\/]/;

export const leanPackages: Plugin = {
  name: "lean-packages",
  setup(build) {
    build.onResolve(
      { filter: /^@(kubernetes\/client-node|paperclipai\/shared)$/ },
      async ({ path, pluginData, ...args }) => {
        if (pluginData === "resolving") return undefined;
        return { ...(await build.resolve(path, { ...args, pluginData: "resolving" })), sideEffects: false };
      },
    );
    // Their modules name each other in full. To ask esbuild for each of these thousands of names takes it ten seconds.
    build.onResolve({ filter: /^\.\.?\/.*\.js$/ }, ({ importer, resolveDir, path }) =>
      LEAN.test(importer) ? { path: resolve(resolveDir, path), sideEffects: false } : undefined,
    );
  },
};
