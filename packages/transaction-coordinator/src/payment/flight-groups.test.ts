/** Who goes with whom: payments that touch the same buckets, until their entries leave, and as long as they look at Redis in the same way. */
import { PaymentBody, type Subject } from '@mas/ledger';
import { accountNumber, bucketId, currency, paymentKey, slot, txnId } from '@mas/values';
import { noFailpoints } from '../failpoints';
import type { Beginning } from '../journal/journal';
import { VirtualClock } from '../testing/virtual-clock';
import { TimerWheel } from '../transport/timer-wheel';
import { FlightGroups } from './flight-groups';
import type { FlightPayment } from './passenger';
import type { RunServices } from './run-services';

const OPERATOR: Subject = { kind: 'operator', name: 'mas|ops' };
const MOST = 3;

/** A journal that only notes what would leave, and says whether Redis is known to be silent. */
class Departures {
  isQuiet = false;
  readonly begun: Beginning[] = [];

  beginAll(beginning: Beginning): void {
    this.begun.push(beginning);
  }

  get sizes(): readonly number[] {
    return this.begun.map(({ size }) => size);
  }
}

function groups(journal: Departures): FlightGroups {
  const clock = new VirtualClock();
  const services: Partial<Record<keyof RunServices, unknown>> = {
    journal,
    clock,
    wheel: new TimerWheel(clock),
    failpoints: noFailpoints,
    config: { maxFlightPayments: MOST, deadlineReserveMs: 0, coordinatorId: 'tc' },
  };
  return new FlightGroups(services as unknown as RunServices);
}

let made = 0;
function between(home: number, other: number): FlightPayment {
  made += 1;
  const [from, to] = [accountNumber('a'), accountNumber('b')];
  const leg = { amountMinor: 1n, currency: currency('USD') };
  const body = PaymentBody.of({
    kind: 'payment',
    legs: [
      { ...leg, account: from, effect: 'debit' },
      { ...leg, account: to, effect: 'credit' },
    ],
    reference: null,
    expiresAtMs: null,
    memo: '',
  });
  const limits = { lockedRetryMs: 0, retryMinMs: 1, retryMaxMs: 1, movedRetryMs: 0 };
  return {
    plan: {
      txn: txnId(String(made).padStart(64, '0')),
      key: paymentKey('mas|ops', `p${made}`),
      homeSlot: slot(0),
      body,
      subject: OPERATOR,
      lockTokens: [],
      createdAtMs: 0,
      startedAtMs: 0,
      limits,
    },
    placing: { homeBucket: bucketId(home), legBuckets: [bucketId(home), bucketId(other)] },
    remote: { account: to, bucket: bucketId(other) },
    token: 'token',
    deadlineMs: 10_000,
    onAnswer: () => undefined,
    onEnded: () => undefined,
  };
}

test('payments of the same buckets go together, of others not', () => {
  const journal = new Departures();
  const flights = groups(journal);
  for (const payment of [between(1, 2), between(1, 2), between(2, 1), between(1, 3)]) flights.take(payment);
  expect(journal.sizes).toEqual([2, 1, 1]);
});

test('nobody joins a flight that is full, or whose entries have left', () => {
  const journal = new Departures();
  const flights = groups(journal);
  for (let n = 0; n < MOST + 1; n += 1) flights.take(between(1, 2));
  expect(journal.sizes).toEqual([MOST, 1]);
  journal.begun[1]?.entries();
  flights.take(between(1, 2));
  expect(journal.sizes).toEqual([MOST, 1, 1]);
});

test('who comes when Redis is known to be silent does not wait with those who came before, nor the other way round', () => {
  const journal = new Departures();
  const flights = groups(journal);
  flights.take(between(1, 2));
  journal.isQuiet = true;
  flights.take(between(1, 2));
  flights.take(between(1, 2));
  journal.isQuiet = false;
  flights.take(between(1, 2));
  expect(journal.sizes).toEqual([1, 2, 1]);
});
