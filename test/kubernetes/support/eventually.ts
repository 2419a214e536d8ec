/**
 * Resolves as soon as the condition holds; fails after `limitMs` real milliseconds. For what another process or a socket
 * does: it looks at each turn of the event loop and never waits longer than needed.
 */
export async function eventually(condition: () => boolean, what: string, limitMs = 20_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`did not happen within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
