/** Waits until it holds. @throws with what was waited for and what `state` shows. */
export async function eventually(what: string, condition: () => boolean, state: () => unknown = () => '', timeoutMs = 90_000): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > until) throw new Error(`waited ${timeoutMs} ms in vain: ${what}; now: ${JSON.stringify(state())}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
