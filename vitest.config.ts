import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const METRICS = "test/cluster/metrics.test.ts";

export default defineConfig({
  test: {
    // Vitest itself leaves one processor idle, which of two is half of them.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    globalSetup: ["test/support/global-setup.ts"],
    // A second, Vitest's own, is little on a busy machine. What comes sooner is not waited for.
    expect: { poll: { timeout: 15_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          testTimeout: 30_000,
          // The half of them wait for processes.
          maxWorkers: 4,
          include: ["test/**/*.test.ts"],
          exclude: ["test/{attacks,cluster,package}/**"],
          // One load of the modules for all files of a worker: loading them for each took half of the time. What a test
          // changes of its process it puts back.
          isolate: false,
        },
      },
      {
        extends: true,
        // Each file has a cluster of its own. As above: loading the adapter for each took a third of their time.
        test: {
          name: "cluster",
          globalSetup: ["test/support/programs.ts"],
          include: ["test/{attacks,cluster}/**/*.test.ts"],
          exclude: [METRICS],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          // They wait for pods, for time-outs and for each other's processes more than they work.
          maxWorkers: 6,
          isolate: false,
        },
      },
      // What is counted is of a process: in one with other tests, theirs would be counted too.
      { extends: true, test: { name: "metrics", include: [METRICS], testTimeout: 120_000 } },
      {
        extends: true,
        test: {
          name: "devcluster",
          include: ["devcluster/test/**/*.test.ts"],
          testTimeout: 60_000,
          isolate: false,
          maxWorkers: 3,
        },
      },
      {
        extends: true,
        test: { name: "demo", include: ["demo/test/**/*.test.ts"], testTimeout: 120_000, maxWorkers: 3 },
      },
      { extends: true, test: { name: "package", include: ["test/package/**/*.test.ts"], testTimeout: 120_000 } },
    ],
  },
});
