/** One listener per signal, however many calls it can end: Node warns of a leak at the eleventh. */
type Watcher = () => void;

const watched = new WeakMap<AbortSignal, Set<Watcher>>();

/** @returns ends the watch */
export function onAbort(signal: AbortSignal | undefined, watcher: Watcher): () => void {
  if (signal === undefined) return () => undefined;
  const watchers = watched.get(signal) ?? watch(signal);
  watchers.add(watcher);
  return () => {
    watchers.delete(watcher);
  };
}

function watch(signal: AbortSignal): Set<Watcher> {
  const watchers = new Set<Watcher>();
  watched.set(signal, watchers);
  signal.addEventListener(
    'abort',
    () => {
      for (const watcher of watchers) watcher();
    },
    { once: true },
  );
  return watchers;
}
