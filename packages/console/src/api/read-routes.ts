/** Accounts, payments and the search for either. The cluster refuses what the viewer's token may not read. */
import { MasCallFailed, type MasClient } from '@mas/client';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { Door, valid, type Context } from './context';
import { accountView, legView, paymentView } from './json';
import type { AccountView, LegView, PageView, PaymentView, SearchView } from './views';

const PAGE = 50;
const NUMBER = z.string().min(1).max(64);
const CURSOR = z.string().max(4_096).optional();
const TXN = z.string().regex(/^[0-9a-f]{64}$/, 'expected a transaction id, 64 hexadecimal digits');
const ACCOUNT = z.object({ number: NUMBER });
const PAGE_QUERY = z.object({ cursor: CURSOR });
const PAYMENT = z.union([z.strictObject({ id: z.string().min(1).max(256) }), z.strictObject({ txn: TXN, account: NUMBER })]);
const SEARCH = z.object({ q: z.string().trim().min(1).max(256) });

export function readRoutes(app: FastifyInstance, context: Context): void {
  const door = new Door(context);

  app.get('/api/accounts', async (request): Promise<PageView<AccountView>> => {
    const { cursor } = valid(PAGE_QUERY, request.query);
    const page = await door.operator(request).client.listAccounts({ pageSize: PAGE, ...(cursor === undefined ? {} : { pageToken: cursor }) });
    return { items: page.accounts.map((account) => accountView(account, account.pendingCreditsMinor)), next: page.nextCursor };
  });

  app.get('/api/accounts/:number', async (request): Promise<AccountView> => account(door.viewer(request).client, valid(ACCOUNT, request.params).number));

  app.get('/api/accounts/:number/payments', async (request): Promise<PageView<LegView>> => {
    const { number } = valid(ACCOUNT, request.params);
    const { cursor } = valid(PAGE_QUERY, request.query);
    const page = await door.viewer(request).client.listPayments({ account: number, pageSize: PAGE, ...(cursor === undefined ? {} : { pageToken: cursor }) });
    return { items: page.legs.map(legView), next: page.nextCursor };
  });

  app.get('/api/payment', async (request): Promise<PaymentView> => paymentView(await door.viewer(request).client.getPayment(valid(PAYMENT, request.query))));

  /** An account number, or the id of a payment that the viewer himself has made; ids belong to who made them. */
  app.get('/api/search', async (request): Promise<SearchView> => {
    const { client } = door.viewer(request);
    const { q } = valid(SEARCH, request.query);
    const [found, payment] = await Promise.all([unlessUnknown(account(client, q)), unlessUnknown(client.getPayment({ id: q }).then(paymentView))]);
    return { account: found, payment };
  });
}

/** As committed, with what is under way; an account whose payment waits for a bucket without a quorum is shown with that. */
async function account(client: MasClient, number: string): Promise<AccountView> {
  const [committed, open] = await Promise.allSettled([client.getAccount(number), client.getAccount(number, 'uncommitted')]);
  const pending = open.status === 'fulfilled' ? open.value.pendingCreditsMinor : null;
  if (committed.status === 'fulfilled') return accountView(committed.value, pending);
  if (open.status === 'fulfilled') return accountView(open.value, pending);
  throw committed.reason;
}

/** What has not the form of an account's number or of a payment's id is none. */
async function unlessUnknown<Value>(asked: Promise<Value>): Promise<Value | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof MasCallFailed && ['not-found', 'invalid', 'permission-denied'].includes(error.error.kind)) return null;
    throw error;
  }
}
