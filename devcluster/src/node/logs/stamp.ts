import type { Clock } from "../../types.ts";

/** Gives the time of now with nanoseconds as a CRI log writes it: trailing zeros dropped. Never the same text twice. */
export type Stamper = () => string;

/** The clock may jump by this many milliseconds before stamps jump with it; less is the noise of two clocks. */
const JUMP = 5;

/** Milliseconds come from the clock, the finer digits from the monotonic timer. */
export function createStamper(clock: Clock): Stamper {
  let anchor = clock();
  let origin = performance.now();
  let lastSecond = 0;
  let lastNanos = 0;
  let prefix = "";
  return () => {
    let elapsed = performance.now() - origin;
    const now = clock();
    if (Math.abs(now - anchor - elapsed) > JUMP) {
      anchor = now;
      origin += elapsed;
      elapsed = 0;
      lastSecond = 0;
    }
    const whole = Math.floor(elapsed);
    const milliseconds = anchor + whole;
    let second = Math.floor(milliseconds / 1000);
    let nanos = (milliseconds - second * 1000) * 1_000_000 + Math.floor((elapsed - whole) * 1_000_000);
    if (second < lastSecond || (second === lastSecond && nanos <= lastNanos)) {
      second = lastSecond;
      nanos = lastNanos + 1;
      if (nanos === 1_000_000_000) {
        second += 1;
        nanos = 0;
      }
    }
    if (second !== lastSecond || prefix === "") prefix = new Date(second * 1000).toISOString().slice(0, 19);
    lastSecond = second;
    lastNanos = nanos;
    return `${prefix}${fraction(nanos)}Z`;
  };
}

/** As Go's RFC3339Nano: `.5`, `.000000001`, nothing for a whole second. */
function fraction(nanos: number): string {
  if (nanos === 0) return "";
  let end = 9;
  const digits = String(nanos).padStart(9, "0");
  while (digits[end - 1] === "0") end -= 1;
  return `.${digits.slice(0, end)}`;
}
