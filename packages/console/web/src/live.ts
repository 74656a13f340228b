/** The cluster as it is: one stream for the whole page, and five minutes of figures for the charts. */
import { useEffect, useState } from 'preact/hooks';
import type { LiveView, PointView } from '../../src/api/views';
import { get } from './api';

export interface Live {
  readonly view: LiveView | null;
  readonly points: readonly PointView[];
  /** False: the console itself is silent. */
  readonly isConnected: boolean;
}

const KEPT_POINTS = 600;
const RETRY_MS = 2_000;
const NOTHING: Live = { view: null, points: [], isConnected: false };

export function useLive(isOn: boolean): Live {
  const [live, setLive] = useState(NOTHING);
  useEffect(() => {
    if (!isOn) return undefined;
    let source: EventSource | null = null;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const connect = (): void => {
      source = new EventSource('/api/live');
      source.onmessage = ({ data }: MessageEvent<string>) => {
        const view = JSON.parse(data) as LiveView;
        setLive(({ points }) => ({ view, points: [...points.slice(-(KEPT_POINTS - 1)), view.figures.now], isConnected: true }));
      };
      source.addEventListener('ended', () => again(0));
      source.onerror = () => {
        setLive((before) => ({ ...before, isConnected: false }));
        // A broken connection it mends itself; a refusal it does not.
        if (source?.readyState === EventSource.CLOSED) again(RETRY_MS);
      };
    };
    const again = (afterMs: number): void => {
      source?.close();
      if (isOver) return;
      // Finds out whether the session is over.
      retry = setTimeout(() => {
        get<readonly PointView[]>('/api/live/history').then(connect, () => again(RETRY_MS));
      }, afterMs);
    };
    get<readonly PointView[]>('/api/live/history').then(
      (points) => {
        if (isOver) return;
        setLive((before) => ({ ...before, points }));
        connect();
      },
      () => again(RETRY_MS),
    );
    return () => {
      isOver = true;
      clearTimeout(retry);
      source?.close();
      setLive(NOTHING);
    };
  }, [isOn]);
  return live;
}
