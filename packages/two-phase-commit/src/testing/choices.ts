/** Chance for property tests that shrinks: numbers from fast-check, and zeros (the plainest course) when they run out. */
export class Choices {
  private at = 0;

  constructor(private readonly numbers: readonly number[]) {}

  get exhausted(): boolean {
    return this.at >= this.numbers.length;
  }

  below(exclusiveMax: number): number {
    const number = this.numbers[this.at] ?? 0;
    this.at += 1;
    return exclusiveMax <= 1 ? 0 : number % exclusiveMax;
  }

  /** Once in `oneIn`, never when the numbers have run out. */
  chance(oneIn: number): boolean {
    return !this.exhausted && this.below(oneIn) === oneIn - 1;
  }
}
