/** Values that several rules have. */
import { z } from "zod";

export const names = (what: string) =>
  z.array(z.string().min(1).max(512), { error: "is not a list" }).max(500).describe(what);

/** Settings of an agent, as its configuration has them; checked by the parser of those. */
export const settings = z.record(z.string(), z.unknown(), { error: "is not a map of settings" });
