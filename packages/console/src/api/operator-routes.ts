/** What operators look at and do: payments in doubt, and locks. The cluster records under whose name. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { Door, valid, type Context } from './context';
import { doubtsView, lockView, resultView } from './json';
import type { DoubtsView, LocksView, LockView, ResultView } from './views';

const DOUBT = z.strictObject({ txn: z.string().regex(/^[0-9a-f]{64}$/), account: z.string().min(1).max(64) });
const LOCK = z.strictObject({ id: z.string().min(1).max(64) });

export function operatorRoutes(app: FastifyInstance, context: Context): void {
  const door = new Door(context);
  const { logger } = context;

  app.get('/api/doubts', async (request): Promise<DoubtsView> => doubtsView(await door.operator(request).client.undecided()));

  app.post('/api/doubts/resolve', async (request): Promise<ResultView> => {
    const viewer = door.operator(request);
    const { txn, account } = valid(DOUBT, request.body);
    logger.warn({ viewer: viewer.claims.name, txn, account }, 'an operator resolves a transaction in the console');
    return resultView(await viewer.client.resolve(txn, account));
  });

  app.get('/api/locks', async (request): Promise<LocksView> => {
    const { locks, silent, more } = await door.operator(request).client.listLocks();
    return { locks: locks.map(lockView), silentBuckets: silent, more };
  });

  app.get('/api/locks/one', async (request): Promise<LockView> => lockView(await door.viewer(request).client.getLock(valid(LOCK, request.query).id)));

  app.post('/api/locks/break', async (request): Promise<LockView> => {
    const viewer = door.operator(request);
    const { id } = valid(LOCK, request.body);
    logger.warn({ viewer: viewer.claims.name, lockId: id }, 'an operator breaks a lock in the console');
    return lockView(await viewer.client.breakLock(id));
  });
}
