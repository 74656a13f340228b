/** Payments that wait to be sent, taken in batches that a server takes. */
import type { WaitingPayment } from './waiting-payment';

export interface BatchSize {
  readonly payments: number;
  /** One that is larger goes alone. */
  readonly bytes: number;
}

export class Gathered {
  private readonly waiting: WaitingPayment[] = [];
  private most: number;
  private now: number;

  constructor(private readonly size: BatchSize) {
    this.most = size.payments;
    this.now = size.payments;
  }

  add(payment: WaitingPayment): void {
    this.waiting.push(payment);
  }

  /** Those that have ended meanwhile are left out. */
  take(): readonly WaitingPayment[] {
    const batch: WaitingPayment[] = [];
    let bytes = 0;
    let taken = 0;
    for (const payment of this.waiting) {
      if (!payment.hasEnded) {
        bytes += payment.bytes.length;
        if (batch.length > 0 && (batch.length >= this.now || bytes > this.size.bytes)) break;
        batch.push(payment);
      }
      taken += 1;
    }
    this.waiting.splice(0, taken);
    return batch;
  }

  /** @param isForGood the server takes no more in one batch, ever; else it may at another time */
  wasTooMuch(payments: number, isForGood: boolean): void {
    this.now = Math.max(1, Math.min(this.now, Math.floor(payments / 2)));
    if (isForGood) this.most = this.now;
  }

  wasTaken(): void {
    this.now = Math.min(this.most, this.now * 2);
  }
}
