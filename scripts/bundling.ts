/** How the package is bundled, and with it the programs that tests and benchmarks start. */
import { resolve } from "node:path";
import type { Plugin } from "esbuild";

/** Bundled CommonJS packages call `require` for Node's own modules, which an ES module does not have. */
export const REQUIRE = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`;

/**
 * The client library does not say that its modules are free of side effects, so that all of its 800 generated models
 * would come along with the one class that reads kubeconfigs: 16 MB.
 */
export const leanClient: Plugin = {
  name: "lean-client",
  setup(build) {
    build.onResolve({ filter: /^@kubernetes\/client-node$/ }, async ({ path, pluginData, ...args }) => {
      if (pluginData === "resolving") return undefined;
      return { ...(await build.resolve(path, { ...args, pluginData: "resolving" })), sideEffects: false };
    });
    // Its modules name each other in full. To ask esbuild for each of these thousands of names takes it ten seconds.
    build.onResolve({ filter: /^\.\.?\/.*\.js$/ }, ({ resolveDir, path }) =>
      resolveDir.includes("/@kubernetes/client-node/")
        ? { path: resolve(resolveDir, path), sideEffects: false }
        : undefined,
    );
  },
};
