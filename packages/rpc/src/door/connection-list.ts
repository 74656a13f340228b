/**
 * Who is connected, from where, and who of them is still a stranger. A newcomer who finds everything taken gets the place of
 * the oldest stranger, so that those who have shown a token keep theirs and others can still come to show one.
 */
export interface Guest {
  readonly address: string;
  /** Nobody on it has shown a token or a certificate. */
  stranger: boolean;
  end(): void;
}

export type Seat = 'free' | 'vacated' | 'none';

export class ConnectionList {
  /** In the order in which they came. */
  private readonly guests = new Set<Guest>();
  private readonly strangers = new Set<Guest>();
  private readonly perAddress = new Map<string, number>();

  constructor(
    private readonly maxConnections: number,
    private readonly maxPerAddress: number,
  ) {}

  get size(): number {
    return this.guests.size;
  }

  all(): readonly Guest[] {
    return [...this.guests];
  }

  /** Where there is no seat, the newcomer has not been added. */
  add(guest: Guest): Seat {
    let seat: Seat = 'free';
    if ((this.perAddress.get(guest.address) ?? 0) >= this.maxPerAddress) seat = this.vacate((other) => other.address === guest.address);
    else if (this.guests.size >= this.maxConnections) seat = this.vacate(() => true);
    if (seat === 'none') return seat;
    this.guests.add(guest);
    if (guest.stranger) this.strangers.add(guest);
    this.perAddress.set(guest.address, (this.perAddress.get(guest.address) ?? 0) + 1);
    return seat;
  }

  known(guest: Guest): void {
    guest.stranger = false;
    this.strangers.delete(guest);
  }

  remove(guest: Guest): void {
    if (!this.guests.delete(guest)) return;
    this.strangers.delete(guest);
    const left = (this.perAddress.get(guest.address) ?? 0) - 1;
    if (left > 0) this.perAddress.set(guest.address, left);
    else this.perAddress.delete(guest.address);
  }

  private vacate(fits: (guest: Guest) => boolean): Seat {
    for (const stranger of this.strangers) {
      if (!fits(stranger)) continue;
      this.remove(stranger);
      stranger.end();
      return 'vacated';
    }
    return 'none';
  }
}
