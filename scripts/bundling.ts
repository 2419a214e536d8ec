/** How the package is bundled, and with it the programs that tests and benchmarks start. */
import type { Plugin } from "esbuild";

/** Bundled CommonJS packages call `require` for Node's own modules, which an ES module does not have. */
export const REQUIRE = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`;

/**
 * The client library does not say that its modules are free of side effects, so that all of its 800 generated models
 * would come along with the one class that reads kubeconfigs: 16 MB.
 */
export const leanClient: Plugin = {
  name: "lean-client",
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^(@kubernetes\/client-node$|\.)/ }, async ({ path, pluginData, ...args }) => {
      if (pluginData === "resolving" || !`${args.importer}${path}`.includes("@kubernetes/client-node"))
        return undefined;
      const resolved = await resolve(path, { ...args, pluginData: "resolving" });
      return { ...resolved, sideEffects: false };
    });
  },
};
