import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSignedWith, readClaims } from "../../src/paperclip/agent-jwt.ts";
import { mintToken, TOKEN_SECRET } from "../support/run-token.ts";

const RUN = { agentId: "agent-1", companyId: "company-1", runId: "run-1" };
/** Of a Paperclip 2026.916.1 whose PAPERCLIP_AGENT_JWT_SECRET is `s3cret-s3cret`. */
const RECORDED =
  "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZ2VudC0xIiwiY29tcGFueV9pZCI6ImNvbXBhbnktMSIsImFkYXB0ZXJfdHlwZSI6ImNsYXVkZV9rOHMiLCJydW5faWQiOiJydW4tMSIsInJlc3BvbnNpYmxlX3VzZXJfaWQiOm51bGwsImlhdCI6MTc5NTkwNTIxMywiZXhwIjoxNzk2MDc4MDEzLCJpc3MiOiJwYXBlcmNsaXAiLCJhdWQiOiJwYXBlcmNsaXAtYXBpIiwiaW5zdGFuY2VfaWQiOiJkZWZhdWx0In0.hXpAHKt5qsPJuCKswIKxMglIgwaP3nWFolvVXMiGEB8";

describe("a run's token", () => {
  it("tells whose it is", () => {
    expect(readClaims(RECORDED)).toEqual({ ...RUN, adapterType: "claude_k8s", instanceId: "default" });
    expect(readClaims(mintToken(RUN, { claims: { instance_id: undefined } }))?.instanceId).toBeNull();
  });

  it("is recognised by secret and instance, whatever its age", () => {
    expect(isSignedWith(RECORDED, "s3cret-s3cret", "default")).toBe(true);
    expect(isSignedWith(RECORDED, "s3cret-s3cret", "fork")).toBe(false);
    expect(isSignedWith(RECORDED, "another", "default")).toBe(false);
    expect(isSignedWith(mintToken(RUN, { claims: { exp: 1 } }), TOKEN_SECRET, "default")).toBe(true);
    expect(isSignedWith(mintToken(RUN, { withoutCompany: true }), TOKEN_SECRET, "default")).toBe(true);
  });

  it("is not recognised when a claim, the algorithm or the signature was changed", () => {
    const [header = "", payload = "", signature = ""] = mintToken(RUN).split(".");
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
    for (const forged of [
      `${header}.${encode({ ...claims, sub: "agent-2" })}.${signature}`,
      `${encode({ alg: "none", typ: "JWT" })}.${payload}.`,
      `${encode({ alg: "none", typ: "JWT" })}.${payload}.${signature}`,
      `${header}.${payload}.`,
      `${header}.${payload}.${signature}x`,
      `${header}.${payload}`,
    ])
      expect(isSignedWith(forged, TOKEN_SECRET, "default"), forged).toBe(false);
  });

  it("may be any text, of any length", () => {
    const part = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json().map((json) => Buffer.from(json).toString("base64url")),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        const token = parts.join(".");
        expect(readClaims(token)?.agentId).not.toBe("");
        expect(isSignedWith(token, TOKEN_SECRET, "default")).toBe(false);
      }),
    );
    expect(readClaims(mintToken(RUN, { claims: { more: "x".repeat(20_000) } }))).toBeNull();
  });
});
