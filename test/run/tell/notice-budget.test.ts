import { expect, it } from "vitest";
import { NoticeBudget } from "../../../src/run/tell/notice-budget.ts";

it("passes a hundred notices on, and counts the rest in one more", () => {
  const told: string[] = [];
  const budget = new NoticeBudget((type, message, level) => told.push(`${level} ${type}: ${message}`));
  for (let at = 0; at < 150; at++) budget.notice("k8s.log.conflict", `conflict ${at}`, "warn");
  for (let at = 0; at < 7; at++) budget.notice("k8s.log.missing", "missing", "warn");
  budget.close();
  expect(told).toHaveLength(101);
  expect(told[99]).toBe("warn k8s.log.conflict: conflict 99");
  expect(told[100]).toBe(
    "warn k8s.log.notices: 57 more notices on the run's log were left out after the first 100: 50 × k8s.log.conflict, 7 × k8s.log.missing",
  );
});

it("says nothing of a rest that is not there", () => {
  const told: string[] = [];
  const budget = new NoticeBudget((type) => told.push(type));
  for (let at = 0; at < 100; at++) budget.notice("k8s.log.conflict", "conflict", "warn");
  budget.close();
  expect(told).toHaveLength(100);
});
