/** What clients send: batches of payments from accounts of one bucket to accounts of another, as bytes. */
import { clusterId } from '@mas/membership';
import { genesisPlacement, PlacementIndex, slotOfAccount } from '@mas/placement';
import { CreatePaymentsRequest } from '@mas/rpc';
import { accountNumber, present, rmId, SeededRandom, type AccountNumber, type BucketId } from '@mas/values';

/** Of the benchmark of the whole cluster. */
export const BATCH = 200;
const ACCOUNTS_PER_BUCKET = 1_000;

/** The home and the other bucket; a third one takes no part. */
export function placementOfStages(): PlacementIndex {
  const map = genesisPlacement(
    [1, 2, 3].map((rm) => ({ rm: rmId(rm), address: `127.0.0.1:${7000 + rm}` })),
    3,
    3,
  );
  return new PlacementIndex({ ...map, cluster: { clusterId: clusterId('0'.repeat(32)), nodes: [], txnVersion: 2 } });
}

export class PaymentRequests {
  readonly payers: readonly AccountNumber[];
  readonly payees: readonly AccountNumber[];
  private readonly random = new SeededRandom(14);
  private made = 0;

  constructor(placement: PlacementIndex, home: BucketId, other: BucketId) {
    this.payers = accountsOf(placement, home);
    this.payees = accountsOf(placement, other);
  }

  /** `count` batches, each a CreatePaymentsRequest. */
  next(count: number): readonly Uint8Array[] {
    return Array.from({ length: count }, () => CreatePaymentsRequest.encode({ payments: Array.from({ length: BATCH }, () => this.payment()) }).finish());
  }

  private payment(): CreatePaymentsRequest['payments'][number] {
    const [from, to] = [this.one(this.payers), this.one(this.payees)];
    this.made += 1;
    return {
      id: `{${from}}stages-${this.made.toString(36)}`,
      kind: 0,
      from,
      to,
      amount: { value: { $case: 'minor', value: 1n }, currency: '' },
      legs: [],
      reference: undefined,
      expiresInSeconds: 0,
      memo: '',
      lockHandle: '',
    };
  }

  private one(accounts: readonly AccountNumber[]): AccountNumber {
    return present(accounts[this.random.below(accounts.length)], 'account');
  }
}

function accountsOf(placement: PlacementIndex, bucket: BucketId): readonly AccountNumber[] {
  const accounts: AccountNumber[] = [];
  for (let n = 0; accounts.length < ACCOUNTS_PER_BUCKET; n += 1) {
    const number = accountNumber(`bench-${n}`);
    if (placement.bucketOf(slotOfAccount(number)) === bucket) accounts.push(number);
  }
  return accounts;
}
