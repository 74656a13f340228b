/**
 * Whom of those that a process dials it has found to be of another cluster. One process at a wrong address must not end a whole cluster, so
 * its word alone says nothing against who dials it; that of most of them does.
 */
import type { RmId } from '@mas/values';

export class Elsewhere {
  private readonly who = new Set<RmId>();

  /** @returns whether that is news. */
  found(by: RmId): boolean {
    const isNews = !this.who.has(by);
    this.who.add(by);
    return isNews;
  }

  isNot(by: RmId): void {
    this.who.delete(by);
  }

  /** More than half of those that are dialled. */
  areMostOf(dialled: number): boolean {
    return 2 * this.who.size > dialled;
  }
}
