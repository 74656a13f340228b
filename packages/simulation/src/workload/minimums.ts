/** Minimum balances that change under load: no command of clients, but buckets take the instruction from whoever has an operator's token. */
import { otherRequest } from '@mas/auditor';
import { changeBody, changeRecordKey, requestNamed, txnPreimage, type Instruction, type PaymentBody } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import { platformDigest } from '@mas/resource-manager';
import { paymentKey, txnId, type AmountMinor, type PaymentKey, type TxnId } from '@mas/values';
import { OPERATOR, OPERATOR_SCOPE } from '../cluster/tokens';
import type { PlannedAccount } from './accounts';
import type { Client } from './client';
import { callTm } from './tm-call';

const ATTEMPTS = 12;
const RETRY_MS = 300;
const ANSWER_MS = 2_000;

/** Raised beside payments that may come down to it, and lowered again. */
export async function raiseMinimum(client: Client): Promise<void> {
  const account = client.pick(client.accounts);
  const { cluster, random, history } = client;
  const higher = account.minimumMinor + BigInt(1 + random.below(random.chance(0.5) ? 1_500 : Number(account.openingMinor)));
  const known = history.accounts.get(account.number);
  if (known !== undefined && higher > (known.highestMinimumMinor ?? 0n)) known.highestMinimumMinor = higher;
  if ((await setMinimum(client, account, higher)) === 'refused') return;
  await cluster.world.time.after(random.below(1_500));
  await setMinimum(client, account, account.minimumMinor);
}

/** Asked until it is known what has become of it. */
async function setMinimum(client: Client, { number }: PlannedAccount, minimumMinor: AmountMinor): Promise<'done' | 'refused' | 'unknown'> {
  const { cluster, history } = client;
  const [homeSlot, change] = [slotOfAccount(number), { kind: 'set-minimum', minimumMinor } as const];
  const key = paymentKey(OPERATOR_SCOPE, client.mint(number));
  const body = changeBody(number, change);
  const txn = txnOf(key, body);
  const record = changeRecordKey(key, txn, number);
  const instructions: readonly Instruction[] = [
    { kind: 'bind-id', key, txn, homeSlot, body, subject: OPERATOR },
    { kind: 'change-account', key: record, txn: txnOf(record, body), number, change, subject: OPERATOR, lockToken: null, undecided: [] },
  ];
  const asked = otherRequest(history, key, requestNamed(body));
  for (let attempt = 0; attempt < ATTEMPTS && !client.isOver(); attempt += 1) {
    const bucket = cluster.bucketOfAccount(number);
    const leader = cluster.leaderOf(bucket);
    const called = await callTm(cluster, client.call(OPERATOR, `minimum of ${number}`), async ({ participants }, { token }) => {
      const items = instructions.map((instruction) => ({ instruction, token }));
      return leader === null ? null : participants.send(leader, { kind: 'instructions', bucket, phase: 'phase-1', items }, ANSWER_MS);
    });
    const changed = called.kind === 'answered' && called.value?.kind === 'outcomes' ? called.value.outcomes[1] : undefined;
    const outcome = changed?.kind === 'outcome' ? changed.outcome.kind : null;
    if (outcome === 'account') {
      cluster.world.counters.add('minimums changed');
      return (asked.heard = 'done');
    }
    if (outcome === 'refused') return (asked.heard = 'refused');
    await cluster.world.time.after(RETRY_MS);
  }
  return 'unknown';
}

function txnOf(key: PaymentKey, body: PaymentBody): TxnId {
  return txnId(platformDigest.sha256Hex(txnPreimage(1, key, body)));
}
