import { expect, test } from "vitest";
import { readOptions } from "../options.ts";

test("without arguments: the devcluster and the scripted model", () => {
  const read = readOptions([], {});
  expect(read).toMatchObject({
    kind: "run",
    options: { cluster: null, live: false, modelUrl: null, keep: false, json: false, color: null },
  });
});

test("every option of the help is understood", () => {
  const help = readOptions(["--help"], {});
  const text = help.kind === "help" ? help.text : "";
  const names = [...text.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, name]) => name);
  expect(names).toEqual([
    "--prompt",
    "--live",
    "--model",
    "--model-url",
    "--kubeconfig",
    "--context",
    "--namespace",
    "--image",
    "--kill",
    "--keep",
    "--json",
    "--color",
    "--help",
  ]);
  const args = [
    "--prompt",
    "Hi",
    "--live",
    "--model",
    "m",
    "--model-url",
    "http://10.0.0.1:8090",
    "--kubeconfig",
    "f",
    "--context",
    "c",
    "--namespace",
    "n",
    "--image",
    "i",
    "--kill",
    "--keep",
    "--json",
    "--no-color",
  ];
  expect(readOptions(args, { ANTHROPIC_API_KEY: "k" })).toEqual({
    kind: "run",
    options: {
      prompt: "Hi",
      live: true,
      model: "m",
      modelUrl: new URL("http://10.0.0.1:8090"),
      kill: true,
      keep: true,
      json: true,
      color: false,
      cluster: { kubeconfig: "f", context: "c", namespace: "n", image: "i" },
    },
  });
});

test.each([
  [["--wrong"], "--wrong", "--help"],
  [["word"], "word", "--help"],
  [["--prompt"], "--prompt", "--help"],
  [["--prompt", " "], "--prompt is empty", "what Claude is to do"],
  [["--live"], "ANTHROPIC_API_KEY", "scripted model needs no key"],
  [["--image", "x"], "--image is about a real cluster", "--kubeconfig"],
  [["--namespace", "x"], "--namespace is about a real cluster", "--kubeconfig"],
  [["--kubeconfig", "x"], "needs an image", "--image"],
  [["--model-url", "localhost:8090"], "localhost:8090", "http://"],
])("%j is refused, with the reason and the fix", (args, problem, fix) => {
  const read = readOptions(args, {});
  expect(read).toMatchObject({
    kind: "wrong",
    problem: expect.stringContaining(problem),
    fix: expect.stringContaining(fix),
  });
});
