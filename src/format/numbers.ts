/** Numbers as people read them. */

export function count(tokens: number): string {
  return tokens.toLocaleString("en-US");
}

export function dollars(amount: number): string {
  return `$${amount.toFixed(4)}`;
}

/** `2 turns`; `one` is the singular. */
export function plural(number: number, singular: string): string {
  return `${count(number)} ${singular}${number === 1 ? "" : "s"}`;
}

const BINARY_UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];

/** `1.5 GiB`; below a KiB, `1000 bytes`. */
export function bytes(amount: number): string {
  const power = amount < 1 ? 0 : Math.min(BINARY_UNITS.length - 1, Math.floor(Math.log2(amount) / 10));
  const inUnit = amount / 2 ** (10 * power);
  return `${Number.isInteger(inUnit) ? inUnit : inUnit.toFixed(1)} ${BINARY_UNITS[power]}`;
}

export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
