/** The Random port from the operating system: unguessable, so that it may also mint handles. Drawn in blocks. */
import { randomFillSync } from 'node:crypto';
import type { Random } from '@mas/values';

const BLOCK_WORDS = 1024;

export class SystemRandom implements Random {
  private readonly words = new Uint32Array(BLOCK_WORDS);
  private next = BLOCK_WORDS;

  below(exclusiveMax: number): number {
    return Math.floor(this.unit() * exclusiveMax);
  }

  unit(): number {
    if (this.next === BLOCK_WORDS) {
      randomFillSync(this.words);
      this.next = 0;
    }
    const word = this.words[this.next] ?? 0;
    this.next += 1;
    return word / 0x1_0000_0000;
  }
}
