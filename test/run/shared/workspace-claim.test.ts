/** Whose claim it is: what a Paperclip takes for its own, and what nobody can make it take. */
import fc from "fast-check";
import type { ObjectMeta } from "kubernetes-types/meta/v1";
import { describe, expect, it } from "vitest";
import { Installation } from "../../../src/paperclip/installation.ts";
import { ANNOTATIONS, LABELS } from "../../../src/run/shared/names.ts";
import {
  type ClaimOwner,
  claimMetadata,
  ownershipOf,
  readUse,
  useMark,
} from "../../../src/run/shared/workspace-claim.ts";

const OWNER: ClaimOwner = { companyId: "company", agentId: "agent-1", taskId: null };
const paperclip = new Installation("one", "default", "secret");
const unsigned = new Installation("one", "default", null);

const made = (by: Installation, owner = OWNER, name = "claim"): ObjectMeta =>
  claimMetadata(name, "agents", owner, "Ada", by);

describe("a claim", () => {
  it("is ours with the owner that it was made for, by any server of this Paperclip", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.option(fc.string()), (companyId, id, taskId) => {
        const owner = { companyId, agentId: `a${id}`, taskId };
        const again = new Installation("one", "default", "secret");
        expect(ownershipOf({ metadata: made(paperclip, owner) }, again)).toEqual({ kind: "ours", owner });
      }),
    );
  });

  it.each<[string, ObjectMeta, Installation, RegExp]>([
    ["of another secret", made(new Installation("one", "default", "other")), paperclip, /signature/],
    ["without one", made(unsigned), paperclip, /signature/],
    ["of another Paperclip", made(new Installation("two", "default", "secret")), paperclip, /another Paperclip's/],
    ["under another name", { ...made(paperclip), name: "other" }, paperclip, /signature/],
    ["in another namespace", { ...made(paperclip), namespace: "other" }, paperclip, /signature/],
    ["of nobody", {}, paperclip, /does not say whose/],
    ["of nobody, without a secret", {}, unsigned, /does not say whose/],
  ])("is foreign %s", (_, metadata, installation, why) => {
    expect(ownershipOf({ metadata }, installation)).toEqual({ kind: "foreign", why: expect.stringMatching(why) });
  });

  it("is foreign once its owner's words are changed, whatever to", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (written) => {
        const { annotations, ...rest } = made(paperclip);
        fc.pre(written !== annotations?.[ANNOTATIONS.owner]);
        const metadata = { ...rest, annotations: { ...annotations, [ANNOTATIONS.owner]: written } };
        expect(ownershipOf({ metadata }, paperclip).kind).toBe("foreign");
      }),
    );
  });

  it("is told by its label and its owner where nothing is signed", () => {
    expect(ownershipOf({ metadata: made(unsigned) }, unsigned)).toEqual({ kind: "ours", owner: OWNER });
    const metadata = { ...made(unsigned), labels: { [LABELS.instance]: "two" } };
    expect(ownershipOf({ metadata }, unsigned).kind).toBe("foreign");
  });
});

it("a run's mark has its time and its id, whatever that is; what is no mark has neither", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), fc.stringMatching(/^\S.*$/), (at, runId) => {
      expect(readUse({ metadata: { annotations: useMark(runId, at) } })).toEqual({ at, runId });
    }),
  );
  for (const used of ["", "never", "soon run-1", "2026-11-29T02:00:00.000Z"])
    expect(readUse({ metadata: { annotations: { [ANNOTATIONS.used]: used } } })).toBeNull();
});
