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

export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
