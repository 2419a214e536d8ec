/** Messages for the operator that are told once in the life of this process, however often their cause is met. */

/** The newest ones; the oldest is forgotten first, so that a new one is always told. */
const told = new Set<string>();
const MAX_TOLD = 1000;

export function tellOnce(tell: (message: string) => void, message: string): void {
  if (told.has(message)) return;
  const [oldest] = told;
  if (told.size >= MAX_TOLD && oldest !== undefined) told.delete(oldest);
  told.add(message);
  tell(message);
}
