import { expect, it } from "vitest";
import { MergeError, strategicMerge } from "../../../strategic-merge/strategic-merge.ts";

const main = { name: "main", image: "a:1", env: [{ name: "A", value: "1" }] };
const side = { name: "side", image: "b:1" };

it.each<[string, object, object, object]>([
  ["null removes", { a: 1, b: 2 }, { a: null }, { b: 2 }],
  ["objects merge", { a: { b: 1, c: 2 } }, { a: { b: 3 } }, { a: { b: 3, c: 2 } }],
  [
    "containers merge by name",
    { containers: [main, side] },
    { containers: [{ name: "main", image: "a:2", env: [{ name: "B", value: "2" }] }] },
    { containers: [{ ...main, image: "a:2", env: [...main.env, { name: "B", value: "2" }] }, side] },
  ],
  [
    "$patch: delete takes one out",
    { containers: [main, side] },
    { containers: [{ name: "main", $patch: "delete" }] },
    { containers: [side] },
  ],
  ["$patch: replace starts anew", { a: { b: 1, c: 2 } }, { a: { $patch: "replace", d: 3 } }, { a: { d: 3 } }],
  [
    "$setElementOrder orders",
    { containers: [main, side] },
    { $setElementOrder: 0, "$setElementOrder/containers": [{ name: "side" }, { name: "main" }] },
    { containers: [side, main] },
  ],
  [
    "$retainKeys drops what another choice leaves behind",
    { volumes: [{ name: "v", emptyDir: {} }] },
    { volumes: [{ name: "v", $retainKeys: ["name", "secret"], secret: { secretName: "s" } }] },
    { volumes: [{ name: "v", secret: { secretName: "s" } }] },
  ],
  [
    "ports of a container merge by containerPort",
    { ports: [{ containerPort: 1, name: "a" }] },
    { ports: [{ containerPort: 2 }] },
    { ports: [{ containerPort: 1, name: "a" }, { containerPort: 2 }] },
  ],
  [
    "ports of a NetworkPolicy are replaced",
    { ports: [{ port: 1, protocol: "TCP" }] },
    { ports: [{ port: 2, protocol: "TCP" }] },
    { ports: [{ port: 2, protocol: "TCP" }] },
  ],
  ["lists without a key are replaced", { args: ["a", "b"] }, { args: ["c"] }, { args: ["c"] }],
  ["finalizers merge as a set", { finalizers: ["a/b"] }, { finalizers: ["c/d"] }, { finalizers: ["a/b", "c/d"] }],
  [
    "$deleteFromPrimitiveList takes from a set",
    { finalizers: ["a/b", "c/d"] },
    { "$deleteFromPrimitiveList/finalizers": ["a/b"] },
    { finalizers: ["c/d"] },
  ],
])("%s", (_, target, patch, expected) => {
  expect(strategicMerge(target as Record<string, unknown>, patch as Record<string, unknown>)).toEqual(expected);
});

it.each([
  ["an item without the key that its list merges by", { containers: [{ image: "x" }] }, /declared merge key: name/],
  ["a directive that there is not", { a: { $patch: "erase" } }, /Unrecognized directive: "erase"/],
])("refuses %s", (_, patch, message) => {
  expect(() => strategicMerge({ containers: [main] }, patch)).toThrow(MergeError);
  expect(() => strategicMerge({ containers: [main] }, patch)).toThrow(message);
});

it("changes neither the object nor the patch", () => {
  const target = { a: { b: 1 }, containers: [main] };
  const patch = { a: { c: 2 }, containers: [{ name: "main", image: "a:2" }] };
  const before = structuredClone({ target, patch });
  strategicMerge(target, patch);
  expect({ target, patch }).toEqual(before);
});
