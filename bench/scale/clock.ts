/** Milliseconds since 1970 with fractions: two processes of one machine agree on it. */
export const preciseNow = (): number => performance.timeOrigin + performance.now();
