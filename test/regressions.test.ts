/** The four lessons and the regression cases 26–63 of the adapter before this one each stand in the name of a test. */
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const titles = globSync("test/**/*.test.ts", { cwd: new URL("..", import.meta.url) })
  .map((file) => readFileSync(new URL(`../${file}`, import.meta.url), "utf8"))
  .flatMap((text) => [...text.matchAll(/["`]((?:lesson \d(?:, |: ))?(?:cases? )?(?:\d\d(?:, |–|: ))+|lesson \d: )/g)])
  .map(([, title = ""]) => title);

const numbers = new Set(
  titles.flatMap((title) => {
    const found = [...title.replace(/lesson \d/, "").matchAll(/(\d\d)(?:–(\d\d))?/g)];
    return found.flatMap(([, from, to = from]) =>
      Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => Number(from) + index),
    );
  }),
);

test.each([1, 2, 3, 4])("lesson %i", (lesson) => {
  expect(titles.filter((title) => title.startsWith(`lesson ${lesson}`))).not.toEqual([]);
});

test("every case from 26 to 63", () => {
  const all = Array.from({ length: 63 - 26 + 1 }, (_, index) => 26 + index);
  expect(all.filter((number) => !numbers.has(number))).toEqual([]);
});
