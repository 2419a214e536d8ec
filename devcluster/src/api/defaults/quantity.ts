/** Resource quantities: how they are written, what they are worth, and the form that the server gives back. */

const QUANTITY = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+)?$/;
const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const NANO = 9n;

export interface Quantity {
  /** In units of 1e-9, so that nothing is lost to floating point. */
  readonly nano: bigint;
  readonly binary: boolean;
}

export function parseQuantity(text: string): Quantity | undefined {
  const match = QUANTITY.exec(text);
  if (match === null) return undefined;
  const [, sign = "", digits = "0", suffix = ""] = match;
  const [whole = "0", fraction = ""] = digits.split(".");
  const scaled = BigInt(`${whole || "0"}${fraction}`);
  const nano = scale(scaled, suffix, fraction.length);
  return { nano: sign === "-" ? -nano : nano, binary: BINARY.indexOf(suffix) > 0 };
}

function scale(scaled: bigint, suffix: string, fraction: number): bigint {
  const power = BINARY.indexOf(suffix);
  if (power > 0) return ceilDiv(scaled * 1024n ** BigInt(power) * 10n ** NANO, 10n ** BigInt(fraction));
  const decimal = DECIMAL.indexOf(suffix);
  const exponent = (decimal === -1 ? Number(suffix.slice(1)) : (decimal - 3) * 3) + Number(NANO) - fraction;
  return exponent >= 0 ? scaled * 10n ** BigInt(exponent) : ceilDiv(scaled, 10n ** BigInt(-exponent));
}

/** A quantity smaller than can be kept is rounded away from zero, as the server does. */
function ceilDiv(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}

/** `1000m` → `1`, `1024Mi` → `1Gi`: no fraction, the largest suffix that is exact. Undefined for what is no quantity. */
export function canonicalQuantity(text: string): string | undefined {
  const parsed = parseQuantity(text);
  return parsed && writeQuantity(parsed);
}

export function writeQuantity({ nano, binary }: Quantity): string {
  if (nano === 0n) return "0";
  const unit = 10n ** NANO;
  if (binary && nano % unit === 0n) {
    let value = nano / unit;
    let power = 0;
    while (value % 1024n === 0n && power < BINARY.length - 1) {
      value /= 1024n;
      power += 1;
    }
    return `${value}${BINARY[power]}`;
  }
  let value = nano;
  let power = 0;
  while (value % 1000n === 0n && power < DECIMAL.length - 1) {
    value /= 1000n;
    power += 1;
  }
  return `${value}${DECIMAL[power]}`;
}
