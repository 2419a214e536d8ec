import type { ObjectRules } from "../store/rules.ts";

/** Defaults, admission and validation in the order of a real API server. */
export const standardRules: ObjectRules = {
  create() {},
  update() {},
};
