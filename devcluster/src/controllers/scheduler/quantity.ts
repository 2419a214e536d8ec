const SUFFIXES: Readonly<Record<string, number>> = {
  "": 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/;

/** A Kubernetes quantity (`500m`, `1Gi`, `2e3`) as a number; NaN for what is none. */
export function quantity(text: string | number): number {
  const match = QUANTITY.exec(String(text).trim());
  if (match === null) return Number.NaN;
  const [, digits = "", exponent = "", suffix = ""] = match;
  return Number(digits + exponent) * (SUFFIXES[suffix] ?? 1);
}
