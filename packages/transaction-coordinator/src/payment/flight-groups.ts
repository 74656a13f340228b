/** The payments of one request, by the buckets that they touch: those of one group go together (flight.ts). */
import type { BucketId } from '@mas/values';
import type { FlightPayment } from './flight';

export interface FlightGroup {
  readonly home: BucketId;
  readonly payments: FlightPayment[];
}

/** Above every bucket's id. */
const BUCKETS = 0x1_0000;

export class FlightGroups {
  private readonly full: FlightGroup[] = [];
  /** By home and other bucket. */
  private readonly open = new Map<number, FlightGroup>();

  /** @param most in one group; 0: nobody goes together */
  constructor(private readonly most: number) {}

  /** False: it goes alone. */
  take(payment: FlightPayment): boolean {
    if (this.most === 0) return false;
    const home = payment.placing.homeBucket;
    const buckets = home * BUCKETS + (payment.remote?.bucket ?? home);
    let group = this.open.get(buckets);
    if (group === undefined) {
      group = { home, payments: [] };
      this.open.set(buckets, group);
    }
    group.payments.push(payment);
    if (group.payments.length === this.most) {
      this.open.delete(buckets);
      this.full.push(group);
    }
    return true;
  }

  all(): readonly FlightGroup[] {
    return [...this.full, ...this.open.values()];
  }
}
