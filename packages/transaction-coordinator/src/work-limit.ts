/** How much of one kind of work is under way at a time. What is too much is refused before it begins: nothing of it has been sent or kept. */
import type { Reply } from './coordinator-service';
import { failure } from './reply';

export class WorkLimit {
  private underWay = 0;

  /** @param reason the refusal's name. @param what is counted, in the plural. */
  constructor(
    private readonly most: number,
    private readonly reason: string,
    private readonly what: string,
  ) {}

  /** @param size what this piece counts for. */
  async run<Value>(size: number, work: () => Promise<Reply<Value>>): Promise<Reply<Value>> {
    if (this.underWay + size > this.most) {
      const facts = { underWay: String(this.underWay), most: String(this.most) };
      return failure(
        'resource-exhausted',
        this.reason,
        `This Transaction Manager has ${this.underWay} ${this.what} under way and takes ${this.most} at most; send the same request again in a moment, or to another Transaction Manager.`,
        null,
        facts,
      );
    }
    this.underWay += size;
    try {
      return await work();
    } finally {
      this.underWay -= size;
    }
  }
}
