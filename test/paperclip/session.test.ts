import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideResume, sessionCodec } from "../../src/paperclip/session.ts";

const ID = "11111111-2222-4333-8444-555555555555";

describe("the session codec", () => {
  it("reads the names that earlier versions stored, and drops blanks", () => {
    const stored = { session_id: ID, workdir: "/w", workspace_id: "ws", repo_url: " ", prompt_bundle_key: "k" };
    expect(sessionCodec.deserialize(stored)).toEqual({
      sessionId: ID,
      cwd: "/w",
      workspaceId: "ws",
      promptBundleKey: "k",
    });
    expect(sessionCodec.getDisplayId?.({ sessionId: ID })).toBe(ID);
  });

  it("is null without a session id", () => {
    expect(sessionCodec.deserialize({ cwd: "/w" })).toBeNull();
    expect(sessionCodec.serialize(null)).toBeNull();
  });

  it("gives back what it stored, and never throws", () => {
    fc.assert(
      fc.property(fc.anything(), (raw) => {
        const read = sessionCodec.deserialize(raw);
        expect(sessionCodec.deserialize(sessionCodec.serialize(read))).toEqual(read);
      }),
    );
  });
});

describe("resuming a session", () => {
  const runtime = (sessionParams: Record<string, unknown> | null) => ({
    sessionId: null,
    sessionParams,
    sessionDisplayId: null,
    taskKey: null,
  });
  const here = { cwd: "/paperclip/w", home: "ns/claim", promptBundleKey: "bundle", mcpServerIdentity: "servers" };
  const servers = { mcpServerIdentity: "servers" };

  it.each([
    ["same volume and directory", { sessionId: ID, cwd: here.cwd, home: here.home, ...servers }, ID],
    ["stored before homes were noted", { sessionId: ID, cwd: here.cwd, ...servers }, ID],
    ["another volume", { sessionId: ID, cwd: here.cwd, home: "ns/other", ...servers }, null],
    ["another directory", { sessionId: ID, cwd: "/x", home: here.home, ...servers }, null],
    ["same instructions and skills", { sessionId: ID, promptBundleKey: "bundle", ...servers }, ID],
    ["other instructions or skills", { sessionId: ID, promptBundleKey: "old", ...servers }, null],
    ["other MCP servers", { sessionId: ID, mcpServerIdentity: "old" }, null],
    ["MCP servers, where there were none", { sessionId: ID }, null],
    ["an id that is none", { sessionId: "latest", home: here.home }, null],
  ])("%s", (_, params, expected) => {
    const { sessionId, note } = decideResume(runtime(params), here);
    expect(sessionId).toBe(expected);
    expect(note === null).toBe(expected !== null);
  });

  it("is no subject when there is none", () => {
    expect(decideResume(runtime(null), here)).toEqual({ sessionId: null, note: null, isMoved: false });
  });
});
