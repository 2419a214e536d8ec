import { expect, test } from "vitest";
import { translator } from "../../src/node/paths.ts";

const translate = translator([
  { inPod: "/data", onHost: "/host/d" },
  { inPod: "/data/inner/", onHost: "/host/i" },
  { inPod: "/dev/termination-log", onHost: "/host/t" },
  { inPod: "/a.b", onHost: "/host/ab" },
]);

test.each([
  ["/data", "/host/d"],
  ["/data/x", "/host/d/x"],
  ["/data/inner/y", "/host/i/y"],
  ["/data/innermost", "/host/d/innermost"],
  ["--dir=/data/x", "--dir=/host/d/x"],
  ["/data/a:/data/b", "/host/d/a:/host/d/b"],
  ['{"path":"/data"}', '{"path":"/host/d"}'],
  ["echo hi >/dev/termination-log; cat </data/f", "echo hi >/host/t; cat </host/d/f"],
  ["cat '/data/f'", "cat '/host/d/f'"],
  ["/a.b/c", "/host/ab/c"],
])("a path of the pod becomes one of the host: %s", (text, expected) => {
  expect(translate(text)).toBe(expected);
});

test.each(["/database", "/srv/data", "$HOME/data", "}/data", "../data", "https://host/data", "/data.bak", "/axb/c"])(
  "the middle of another path stays: %s",
  (text) => {
    expect(translate(text)).toBe(text);
  },
);

test("a volume at / would be everything: it is left alone", () => {
  expect(translator([{ inPod: "/", onHost: "/host" }])("/bin/sh")).toBe("/bin/sh");
});
