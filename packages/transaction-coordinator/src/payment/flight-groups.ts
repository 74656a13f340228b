/**
 * The flights that still take payments, by the buckets that these touch: what comes before a flight's PENDING entries leave for Redis goes
 * with it, whoever sent it and in however many requests. Nothing waits for company: the entries leave when they would for a payment alone.
 */
import { Flight } from './flight';
import type { FlightPayment } from './passenger';
import type { RunServices } from './run-services';

/** Above every bucket's id. */
const BUCKETS = 0x1_0000;

export class FlightGroups {
  /** By home and other bucket. */
  private readonly open = new Map<number, Flight>();

  constructor(private readonly services: RunServices) {}

  /** False: it goes alone. */
  take(payment: FlightPayment): boolean {
    if (this.services.config.maxFlightPayments === 0) return false;
    const home = payment.placing.homeBucket;
    const buckets = home * BUCKETS + (payment.remote?.bucket ?? home);
    const open = this.open.get(buckets);
    if (open?.takesMore() === true) {
      open.board(payment);
      return true;
    }
    const flight = new Flight(this.services, home, () => {
      if (this.open.get(buckets) === flight) this.open.delete(buckets);
    });
    this.open.set(buckets, flight);
    flight.begin(payment);
    return true;
  }
}
