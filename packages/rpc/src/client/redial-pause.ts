/**
 * How long a process waits before it dials another one again. A lost connection may be whole in a moment; a refusal is mostly a matter
 * for an operator, so whoever was refused comes ever later: twice the time after each refusal in a row, up to a bound.
 */
export const REDIAL_MS = 100;
/** Also what an operator waits for at most once the cause is mended. */
export const MAX_REFUSED_PAUSE_MS = 10_000;

export class RedialPause {
  private nextMs = REDIAL_MS;

  /** @returns for how long nobody is dialled now. */
  refused(): number {
    const pauseMs = this.nextMs;
    this.nextMs = Math.min(2 * pauseMs, MAX_REFUSED_PAUSE_MS);
    return pauseMs;
  }

  welcome(): void {
    this.nextMs = REDIAL_MS;
  }
}
