/** An answer of the console, asked for when a view opens, and again when it is told to or after a while. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import { messageOf } from '../api';

export interface Loaded<Value> {
  readonly value: Value | null;
  readonly problem: string | null;
  readonly reload: () => void;
}

export function useLoaded<Value>(load: () => Promise<Value>, on: readonly unknown[], everyMs: number | null = null): Loaded<Value> {
  const [{ value, problem }, set] = useState<{ readonly value: Value | null; readonly problem: string | null }>({ value: null, problem: null });
  const [round, setRound] = useState(0);
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = (): void => {
      if (!isOver && everyMs !== null) timer = setTimeout(() => void ask(), everyMs);
    };
    const ask = (): Promise<void> =>
      load()
        .then(
          (loaded) => {
            if (!isOver) set({ value: loaded, problem: null });
          },
          (error: unknown) => {
            if (!isOver) set((before) => ({ ...before, problem: messageOf(error) }));
          },
        )
        .then(again);
    void ask();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [...on, round]);
  return { value, problem, reload: useCallback(() => setRound((before) => before + 1), []) };
}
