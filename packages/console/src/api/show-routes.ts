/** The show of `npm start`: a payment, processes that are killed and started, and payments that go on meanwhile. Operators, and only where there is a show. */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { Door, noContent, valid, type Context } from './context';
import { resultView } from './json';
import { Refused } from './refused';
import type { ResultView, ShowView } from './views';

export const MAX_TRAFFIC_PER_SECOND = 200;
const PROCESS = z.strictObject({ name: z.string().min(1).max(64) });
const TRAFFIC = z.strictObject({ perSecond: z.number().int().min(0).max(MAX_TRAFFIC_PER_SECOND) });
const PAYMENT = z.strictObject({
  from: z.string().min(1).max(64),
  to: z.string().min(1).max(64),
  amount: z.string().regex(/^\d{1,12}(\.\d{1,4})?$/, 'expected an amount like 12.50'),
});

export function showRoutes(app: FastifyInstance, context: Context): void {
  const door = new Door(context);
  const { show } = context;
  if (show === null) return;

  app.get('/api/show', (request): ShowView => {
    door.operator(request);
    return show.view();
  });

  app.post('/api/show/payments', async (request): Promise<ResultView & { readonly id: string; readonly txn: string }> => {
    const viewer = door.operator(request);
    const { from, to, amount } = valid(PAYMENT, request.body);
    const id = `{${from}}console-${randomUUID()}`;
    const result = await viewer.client.createPayment({ id, from, to, amount: { decimal: amount }, memo: 'from the console' });
    return { id, txn: result.txn, ...resultView(result) };
  });

  for (const verb of ['kill', 'start'] as const)
    app.post(`/api/show/${verb}`, (request, reply) => {
      const viewer = door.operator(request);
      const { name } = valid(PROCESS, request.body);
      if (!show[verb](name))
        throw new Refused(
          409,
          'NOT_NOW',
          verb === 'kill' ? `${name} does not run, or is not for killing.` : `${name} runs already, or there is none of that name.`,
        );
      viewer.sampler.soon();
      return noContent(reply);
    });

  app.post('/api/show/traffic', (request, reply) => {
    door.operator(request);
    show.setTraffic(valid(TRAFFIC, request.body).perSecond);
    return noContent(reply);
  });
}
