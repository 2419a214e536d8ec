import fc from "fast-check";
import { expect, it } from "vitest";
import { formatTraceparent, parseTraceparent } from "../../src/telemetry/traceparent.ts";

const hex = (digits: number) =>
  fc
    .uint8Array({ minLength: digits / 2, maxLength: digits / 2 })
    .map((bytes) => Buffer.from(bytes).toString("hex"))
    .filter((text) => !/^0+$/.test(text));
const span = fc.record({ traceId: hex(32), spanId: hex(16), traceFlags: fc.nat(255) });

it("is read as it was written", () => {
  fc.assert(
    fc.property(span, (one) => {
      expect(parseTraceparent(formatTraceparent(one))).toEqual(one);
    }),
  );
});

it("is none when anything is added, cut or changed to what it has no room for", () => {
  const wrong = fc.tuple(span, fc.nat(54), fc.constantFrom("", "Z", "00", "-")).map(([one, at, by]) => {
    const text = formatTraceparent(one);
    return text.slice(0, at) + by + text.slice(at + 1);
  });
  fc.assert(
    fc.property(wrong, (text) => {
      fc.pre(!/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(text));
      expect(parseTraceparent(text)).toBeNull();
    }),
  );
});

it.each(["", "anything", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`, `00-${"a".repeat(32)}-${"0".repeat(16)}-01`])(
  "%j is none",
  (text) => {
    expect(parseTraceparent(text)).toBeNull();
  },
);
