/** Senders in bucket 1 and receivers in bucket 2, opened in advance and used once. */
import { numbersIn } from '../harness/names';
import { OPENING_MINOR, type Bank } from './bank';

export class Pairs {
  private constructor(private readonly left: (readonly [string, string])[]) {}

  static async open(bank: Bank, count: number): Promise<Pairs> {
    const { placement } = bank.cluster;
    const [senders, receivers] = [numbersIn(placement, 1, 'payer', count), numbersIn(placement, 2, 'payee', count)];
    await bank.open([...senders, ...receivers]);
    return new Pairs(senders.map((sender, at) => [sender, receivers[at] ?? ''] as const));
  }

  take(count: number): readonly (readonly [string, string])[] {
    if (this.left.length < count) throw new Error('open more pairs');
    return this.left.splice(0, count);
  }

  /** What both of an untouched pair hold. */
  opening(): readonly bigint[] {
    return [OPENING_MINOR, OPENING_MINOR];
  }
}
