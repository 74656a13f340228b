/** An account's statement over HTTP: no method of mas.v1, but what several of its reads make up (`readStatement` of @mas/client, which mas-client uses, too). */
import type { JsonObject } from '@bufbuild/protobuf';
import { NoStatement, readStatement } from '@mas/client';
import { LIMITS } from './limits';
import { refusal, type Refusal } from './refusal';
import { STATEMENT_PATH } from './routes';
import { oneHeader, readLead, refuse, sayDone, sayFailed, type Answer, type Request, type Serving } from './serve';

type Statement = Awaited<ReturnType<typeof readStatement>>;

export class StatementRoute {
  private underWay = 0;

  constructor(private readonly serving: Serving) {}

  async serve(request: Request, reply: Answer): Promise<unknown> {
    const lead = readLead(request);
    if ('error' in lead) return refuse(reply, lead);
    if (oneHeader(request, 'idempotency-key') !== null)
      return refuse(reply, refusal('IDEMPOTENCY_KEY_UNUSED', `GET ${STATEMENT_PATH} takes no Idempotency-Key`));
    const period = readPeriod(new URL(request.url, 'https://gateway').searchParams);
    if ('error' in period) return refuse(reply, period);
    if (this.underWay >= LIMITS.statements)
      return refuse(reply, refusal('GATEWAY_BUSY', 'too many statements are being made: try again', { kind: 'unavailable' }));
    const given = new AbortController();
    reply.raw.once('close', () => given.abort());
    const reads = this.serving.upstream.reads({ timeoutMs: lead.waitMs, token: lead.token, signal: given.signal });
    const [number = ''] = Object.values(request.params as Readonly<Record<string, string>>);
    this.underWay += 1;
    try {
      return sayDone(reply, { statement: jsonOf(await readStatement(reads, number, period, LIMITS.statementMovements)) });
    } catch (error) {
      return error instanceof NoStatement ? refuse(reply, { error: error.error, httpStatus: null }) : sayFailed(reply, error);
    } finally {
      this.underWay -= 1;
    }
  }
}

function readPeriod(query: URLSearchParams): { readonly fromUs: number | null; readonly toUs: number | null } | Refusal {
  const ends = { fromUs: null as number | null, toUs: null as number | null };
  for (const name of new Set(query.keys())) {
    if (name !== 'fromUs' && name !== 'toUs')
      return refusal('QUERY_UNKNOWN', `GET ${STATEMENT_PATH} has no parameter ${JSON.stringify(name.slice(0, 64))} in its query`, { field: name.slice(0, 64) });
    const [text = '', ...more] = query.getAll(name);
    if (more.length > 0) return refusal('QUERY_INVALID', `the parameter ${name} is given more than once`, { field: name });
    if (!/^\d{1,16}$/.test(text)) return refusal('FIELD_INVALID', `${name} is no moment: whole microseconds since the Unix epoch`, { field: name });
    ends[name] = Number(text);
  }
  return ends;
}

/** 64-bit numbers as texts, and what is absent left out, as in protobuf's JSON. */
function jsonOf({ account, owner, currency, openingUs, openingMinor, movements, closingUs, closingMinor }: Statement): JsonObject {
  return {
    ...{ account, owner, currency, ...(openingUs === null ? {} : { openingUs: String(openingUs) }), openingMinor: String(openingMinor) },
    movements: movements.map(({ commitUs, atMs, kind, payment, txn, amountMinor, balanceMinor, counterparties, memo }) => ({
      ...(commitUs === null ? {} : { commitUs: String(commitUs) }),
      ...{
        atMs: String(atMs),
        kind,
        payment,
        txn,
        amountMinor: String(amountMinor),
        balanceMinor: String(balanceMinor),
        counterparties: [...counterparties],
        memo,
      },
    })),
    ...{ closingUs: String(closingUs), closingMinor: String(closingMinor) },
  };
}
