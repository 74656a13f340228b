/**
 * Randomness as a port, and the seeded generator that tests and the simulator use.
 * Source: sfc32 (Chris Doty-Humphrey, PractRand), seeded by splitmix32 steps.
 */
export interface Random {
  /** A uniform integer in [0, exclusiveMax), exclusiveMax ≤ 2^32. */
  below(exclusiveMax: number): number;
  /** A uniform number in [0, 1). */
  unit(): number;
}

export class SeededRandom implements Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** @param seed any integer; equal seeds give equal sequences. */
  constructor(seed: number) {
    let state = (seed >>> 0) ^ Math.floor(seed / 0x1_0000_0000);
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = state ^ (state >>> 16);
      mixed = Math.imul(mixed, 0x21f0aaad);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    };
    this.a = next();
    this.b = next();
    this.c = next();
    for (let i = 0; i < 12; i += 1) this.nextUint32();
  }

  below(exclusiveMax: number): number {
    return Math.floor(this.unit() * exclusiveMax);
  }

  unit(): number {
    return this.nextUint32() / 0x1_0000_0000;
  }

  /** True with the given probability, 0 … 1. */
  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** An independent generator, so that one consumer's draws do not shift another's. */
  fork(): SeededRandom {
    return new SeededRandom(this.nextUint32());
  }

  private nextUint32(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (this.c << 21) | (this.c >>> 11);
    this.c = (this.c + sum) | 0;
    return sum >>> 0;
  }
}
