import { describe, expect, it } from "vitest";
import { redact, redactValues } from "../../src/kubernetes/redact.ts";
import { growth, LINEAR } from "../support/growth.ts";

describe("text that others wrote", () => {
  it.each([
    ["Authorization: Bearer abc.def-ghi", "Authorization: Bearer [redacted]"],
    ["got eyJhbGciOi.eyJzdWIi.sig, refused", "got [redacted], refused"],
    ["sk-ant-0123456789abc is invalid", "[redacted] is invalid"],
    ['{"my-token": "hush", "user": "ada"}', '{"my-token": [redacted], "user": "ada"}'],
    ["client_secret=hush next", "client_secret=[redacted] next"],
    ["https://ada:hush@proxy:3128/x", "https://[redacted]@proxy:3128/x"],
    ["-----BEGIN KEY-----\nabc\n-----END KEY----- after", "[redacted] after"],
    ["-----BEGIN KEY-----\ncut", "[redacted]"],
  ])("loses its credentials: %s", (text, shown) => expect(redact(text)).toBe(shown));

  it("loses every value that an API server quotes", () =>
    expect(redactValues('spec.x: Invalid value: "a\\"hush": must be')).toBe(
      "spec.x: Invalid value: [redacted]: must be",
    ));

  it.each([
    "a",
    "token",
    "token =",
    'token="',
    "a.",
    "a://",
    "bearer ",
    "eyJ-",
    "sk-",
    "-----BEGIN ",
    "-----BEGIN a-----",
    "-----END ",
    'invalid value: "',
    "invalid value: \\",
    " ",
  ])("takes time that grows with it, not with its square: %j again and again", (part) => {
    const work = (size: number) => void redactValues(part.repeat(Math.ceil(size / part.length)));
    expect(growth(work, 8192)).toBeLessThan(LINEAR);
  });
});
