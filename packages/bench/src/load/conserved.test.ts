/** When a run's money counts as conserved: the cluster finds itself consistent, and holds what was issued to its accounts, no more and no less. */
import { describe, expect, it } from '@jest/globals';
import { MasCallFailed } from '@mas/client';
import type { AuditReport } from '@mas/transaction-coordinator';
import { DEFAULT_CURRENCY } from '@mas/values';
import { OPENING_MINOR } from './accounts';
import { auditOf, conservedLine, judged } from './conserved';

it('is conserved when balances are what two accounts were opened with', () => {
  expect(judged(report({}), 2)).toEqual({ conserved: true, incomplete: false, audit: 'books: 7 compared, 0 differences' });
});

it('is not when money is gone, an account too many was opened, or the cluster differs with itself', () => {
  const total = totals();
  expect(judged(report({ totals: [{ ...total, balancesMinor: total.balancesMinor - 1n }] }), 2).conserved).toBe(false);
  expect(judged(report({}), 1).conserved).toBe(false);
  expect(judged(report({ consistent: false }), 2).conserved).toBe(false);
});

describe('what was not compared', () => {
  const missed = report({ incomplete: ['RM 3 was not compared'], consistent: false });

  it('neither proves nor disproves', () => {
    expect(conservedLine(judged(missed, 2))).toBe('money conserved: NOT SHOWN (books: 7 compared, 0 differences; RM 3 was not compared)');
  });

  it('hides no difference, in money or in books', () => {
    const differs: AuditReport = { ...missed, checks: [{ name: 'books', count: 7, differences: ['one'] }] };
    for (const wrong of [judged(missed, 1), judged(differs, 2)]) expect(conservedLine(wrong)).toContain('money conserved: NO (');
  });

  it('is compared again, a bounded number of times', async () => {
    const answers = [missed, report({}), missed];
    const client = { audit: () => Promise.resolve(answers.shift() ?? missed) };
    expect((await auditOf(client, 2)).conserved).toBe(true);
    expect((await auditOf(client, 2)).conserved).toBe(false);
  });

  it('may be everything, when a bucket is silent', async () => {
    const silent = new MasCallFailed(14, { kind: 'unavailable', reason: 'NO_QUORUM', field: null, message: 'bucket 1 has no quorum', facts: {} }, 1);
    const client = { audit: () => Promise.reject(silent) };
    expect(conservedLine(await auditOf(client, 2))).toBe('money conserved: NOT SHOWN (bucket 1 has no quorum)');
  });
});

it('says what was not compared, and the first differences', () => {
  const differences = ['first', 'second', 'third', 'fourth'];
  const { audit } = judged(report({ checks: [{ name: 'books', count: 7, differences }], incomplete: ['RM 3 was not compared'], consistent: false }), 2);
  expect(audit).toBe('books: 7 compared, 4 differences (first) (second) (third); RM 3 was not compared');
});

function totals(): AuditReport['totals'][number] {
  return { currency: DEFAULT_CURRENCY, issuedMinor: 2n * OPENING_MINOR, balancesMinor: 2n * OPENING_MINOR };
}

function report(lead: Partial<AuditReport>): AuditReport {
  return {
    momentUs: 7,
    sinceUs: null,
    checks: [{ name: 'books', count: 7, differences: [] }],
    totals: [totals()],
    checksums: [],
    incomplete: [],
    consistent: true,
    ...lead,
  };
}
