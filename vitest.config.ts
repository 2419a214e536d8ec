import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Vitest itself leaves one processor idle, which of two is half of them.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    globalSetup: ["test/support/global-setup.ts"],
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          testTimeout: 30_000,
          include: ["test/**/*.test.ts"],
          exclude: ["test/{attacks,cluster,package}/**"],
          // One load of the modules for all files of a worker: loading them for each took half of the time. What a test
          // changes of its process it puts back.
          isolate: false,
        },
      },
      {
        extends: true,
        // Most of their time these wait for a cluster; each file has one of its own.
        test: {
          name: "cluster",
          globalSetup: ["test/support/programs.ts"],
          include: ["test/{attacks,cluster}/**/*.test.ts"],
          testTimeout: 120_000,
          maxWorkers: 3,
        },
      },
      { extends: true, test: { name: "devcluster", include: ["devcluster/test/**/*.test.ts"], testTimeout: 60_000 } },
      { extends: true, test: { name: "demo", include: ["demo/test/**/*.test.ts"], testTimeout: 120_000 } },
      { extends: true, test: { name: "package", include: ["test/package/**/*.test.ts"], testTimeout: 120_000 } },
    ],
  },
});
