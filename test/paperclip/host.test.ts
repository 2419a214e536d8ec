import { describe, expect, it } from "vitest";
import { createHost } from "../../src/paperclip/host.ts";

const fails = () => Promise.reject(new Error("the host is gone"));
const throws = () => {
  throw new Error("the host is gone");
};

describe("speaking to the host", () => {
  it("never rejects, whatever its callbacks do, and remembers each kind of failure once", async () => {
    const host = createHost({
      onLog: fails,
      onMeta: fails,
      onEvent: throws,
      onRuntimeProgress: throws,
      onDispatch: throws,
    });
    await host.invocation({ adapterType: "claude_k8s", command: "x" });
    await host.notice({ type: "a", message: "b" });
    await host.notice({ type: "a", message: "b" });
    await host.activity({ tool: "Bash", text: null });
    await host.status("c");
    host.dispatched();
    expect(host.faults).toHaveLength(5);
    expect(host.faults.every((fault) => fault.endsWith("failed: the host is gone"))).toBe(true);
  });

  it("goes on when a callback does not come back, and waits for the next one less until it does", async () => {
    const first = Promise.withResolvers<void>();
    const lines: string[] = [];
    const host = createHost(
      {
        onLog: async (_, chunk) => {
          lines.push(chunk);
          if (lines.length === 1) await first.promise;
        },
        onMeta: () => new Promise<void>(() => undefined),
        onEvent: () => new Promise<void>(() => undefined),
        onRuntimeProgress: () => new Promise<void>(() => undefined),
      },
      { firstMs: 5, againMs: 1 },
    );
    await host.invocation({ adapterType: "claude_k8s", command: "x" });
    await host.notice({ type: "a", message: "b" });
    await host.status("one");
    await host.status("two");
    first.resolve();
    await host.status("three");
    expect(lines).toEqual(["[paperclip] one\n", "[paperclip] two\n", "[paperclip] three\n"]);
    const names = ["onMeta", "onEvent", "onRuntimeProgress", "onLog"];
    expect(host.faults).toEqual(names.map((name) => `${name} did not settle in time`));
  });

  it("does without the callbacks that a host does not have", async () => {
    const lines: string[] = [];
    const host = createHost({
      onLog: async (_, chunk) => {
        lines.push(chunk);
      },
    });
    await host.notice({ type: "a", message: "b" });
    await host.status("hello");
    expect(lines).toEqual(["[paperclip] hello\n"]);
    expect(host.faults).toEqual([]);
  });
});
