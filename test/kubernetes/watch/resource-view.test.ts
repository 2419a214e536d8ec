import fc from "fast-check";
import { expect, test } from "vitest";
import type { KubeObject, Stored } from "../../../src/kubernetes/resource-types.ts";
import { type Change, ResourceView } from "../../../src/kubernetes/watch/resource-view.ts";
import { cases } from "../../support/thoroughness.ts";

type Thing = Stored<KubeObject>;

const thing = (uid: string, version: number): Thing => ({
  metadata: { name: uid, uid, resourceVersion: String(version), creationTimestamp: "2026-11-22T00:00:00Z" },
});
const told = (changes: readonly Change<KubeObject>[]) =>
  changes.map(({ type, object }) => `${type} ${object.metadata.uid}@${object.metadata.resourceVersion}`);

test("a relist tells what was missed: changed, new, gone", () => {
  const view = new ResourceView<KubeObject>();
  expect(told(view.replace([thing("a", 1), thing("b", 2), thing("c", 3)]))).toEqual([
    "ADDED a@1",
    "ADDED b@2",
    "ADDED c@3",
  ]);
  expect(told(view.replace([thing("a", 1), thing("b", 9), thing("d", 8)]))).toEqual([
    "GONE c@3",
    "MODIFIED b@9",
    "ADDED d@8",
  ]);
});

test("the same state told twice is told once", () => {
  const view = new ResourceView<KubeObject>();
  view.replace([thing("a", 1)]);
  expect(view.apply("ADDED", thing("a", 1))).toEqual([]);
});

test("a list during a watch says nothing until the watch has got as far, and then only what the watch missed", () => {
  const view = new ResourceView<KubeObject>();
  view.replace([thing("a", 1), thing("b", 2), thing("c", 3)]);
  view.verify([thing("b", 6), thing("d", 7)], "10");
  expect(told(view.apply("DELETED", thing("a", 5)))).toEqual(["DELETED a@5"]);
  expect(told(view.reached("9"))).toEqual([]);
  expect(told(view.reached("10"))).toEqual(["GONE c@3", "MODIFIED b@6", "ADDED d@7"]);
  expect(told(view.reached("11"))).toEqual([]);
});

test("where versions cannot be compared nothing is corrected", () => {
  const view = new ResourceView<KubeObject>();
  view.replace([thing("a", 1)]);
  view.verify([], "opaque");
  expect(view.reached("zzz")).toEqual([]);
});

type Step = "put" | "remove" | "deliver" | "lose" | "list" | "relist" | "bookmark";

/** A server, a watch that may lag, and lists taken at any moment. */
class Model {
  readonly view = new ResourceView<KubeObject>();
  /** What a listener makes of what it is told. */
  readonly heard = new Map<string, string>();
  readonly #server = new Map<string, Thing>();
  #queue: { type: "ADDED" | "DELETED"; object: Thing }[] = [];
  #version = 1;

  do(step: Step, uid: string): void {
    const known = this.#server.get(uid);
    if (step === "put") this.#put(uid);
    else if (step === "remove" && known) this.#remove(uid);
    else if (step === "deliver") this.#deliver();
    else if (step === "lose") this.#queue.shift();
    else if (step === "list") this.view.verify([...this.#server.values()], String(this.#version));
    else if (step === "relist") this.#relist();
    else if (step === "bookmark") this.bookmark();
  }

  bookmark(): void {
    while (this.#queue.length > 0) this.#deliver();
    this.#tell(this.view.reached(String(++this.#version)));
  }

  get truth(): Map<string, string> {
    return new Map([...this.#server].map(([uid, object]) => [uid, object.metadata.resourceVersion]));
  }

  #put(uid: string): void {
    const object = thing(uid, ++this.#version);
    this.#server.set(uid, object);
    this.#queue.push({ type: "ADDED", object });
  }

  #remove(uid: string): void {
    this.#server.delete(uid);
    this.#queue.push({ type: "DELETED", object: thing(uid, ++this.#version) });
  }

  #deliver(): void {
    const event = this.#queue.shift();
    if (event) this.#tell(this.view.apply(event.type, event.object));
  }

  #relist(): void {
    this.#queue = [];
    this.#tell(this.view.replace([...this.#server.values()]));
  }

  #tell(changes: readonly Change<KubeObject>[]): void {
    for (const { type, object } of changes) {
      const { uid, resourceVersion } = object.metadata;
      if (type === "DELETED" || type === "GONE") this.heard.delete(uid);
      else this.heard.set(uid, resourceVersion);
    }
  }
}

const steps = (kinds: readonly Step[]) =>
  fc.array(fc.tuple(fc.constantFrom(...kinds), fc.constantFrom("a", "b", "c")), { maxLength: 60 });

test("with a watch that lags and lists at any moment, listeners end up with the truth", () => {
  fc.assert(
    fc.property(steps(["put", "remove", "deliver", "list", "relist", "bookmark"]), (script) => {
      const model = new Model();
      for (const [step, uid] of script) model.do(step, `${uid}`);
      model.bookmark();
      expect(model.heard).toEqual(model.truth);
      expect(new Set([...model.view.objects].map((object) => object.metadata.uid))).toEqual(
        new Set(model.truth.keys()),
      );
    }),
    { numRuns: cases(2000) },
  );
});

test("even where the watch loses events, one list and one bookmark mend everything", () => {
  fc.assert(
    fc.property(steps(["put", "remove", "deliver", "lose", "list", "bookmark"]), (script) => {
      const model = new Model();
      for (const [step, uid] of script) model.do(step, uid);
      model.do("list", "a");
      model.bookmark();
      expect(model.heard).toEqual(model.truth);
    }),
    { numRuns: cases(2000) },
  );
});
