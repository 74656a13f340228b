/** The cluster as it is now, again and again: server-sent events. A reader that does not keep up misses some. */
import type { FastifyInstance } from 'fastify';
import { Door, type Context } from './context';
import { Refused } from './refused';
import type { LiveView, PointView } from './views';

const MAX_STREAMS_PER_SESSION = 8;
const MAX_STREAMS = 64;
/** Unsent beyond this: the reader is slow. */
const MAX_UNSENT_BYTES = 256 * 1024;
/** Has taken nothing for so long: gone. */
const STUCK_MS = 30_000;

export function liveRoutes(app: FastifyInstance, context: Context): void {
  const door = new Door(context);
  const { clock } = context;
  let streams = 0;

  app.get('/api/live/history', (request): readonly PointView[] => door.operator(request).sampler.history());

  app.get('/api/live', (request, reply) => {
    const { sampler } = door.operator(request);
    if (streams >= MAX_STREAMS || sampler.watcherCount() >= MAX_STREAMS_PER_SESSION)
      throw new Refused(429, 'TOO_MANY_STREAMS', 'As many pages as may be are open already: close some.');
    streams += 1;
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
    let lastTakenMs = clock.monotonicMs();
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      streams -= 1;
      unwatch();
      raw.end();
    };
    const send = (view: LiveView): void => {
      if (raw.writableLength > MAX_UNSENT_BYTES) {
        if (clock.monotonicMs() - lastTakenMs > STUCK_MS) raw.destroy();
        return;
      }
      lastTakenMs = clock.monotonicMs();
      raw.write(`data: ${JSON.stringify(view)}\n\n`);
    };
    let unwatch: () => void = () => undefined;
    raw.on('close', end);
    raw.on('error', end);
    raw.write('retry: 1000\n\n');
    unwatch = sampler.watch({
      onSample: send,
      onEnd: () => {
        raw.write('event: ended\ndata: {}\n\n');
        end();
      },
    });
    if (isOver) unwatch();
  });
}
