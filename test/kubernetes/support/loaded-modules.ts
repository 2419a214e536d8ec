// Imports everything in src/kubernetes but what is itself loaded only when a cluster is opened, and prints which packages that loaded.
import { readdirSync } from "node:fs";
import { registerHooks } from "node:module";
import path from "node:path";

const packages = new Set<string>();
registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith(".") && !specifier.startsWith("file:") && !specifier.startsWith("node:"))
      packages.add(specifier);
    return next(specifier, context);
  },
});

const folder = path.join(import.meta.dirname, "../../../src/kubernetes");
for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" }))
  if (file.endsWith(".ts") && !file.endsWith("kubeconfig-library.ts")) await import(path.join(folder, file));
console.log(JSON.stringify([...packages].sort()));
