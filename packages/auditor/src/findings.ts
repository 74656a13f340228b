/** What the auditor found: a rule's name and a sentence each. An empty list is the only pass. */
export interface Finding {
  readonly rule: string;
  readonly text: string;
}

/** Of each rule so many are spelled out. */
const MAX_PER_RULE = 5;

export class Findings {
  private readonly all: Finding[] = [];
  private readonly counts = new Map<string, number>();

  add(rule: string, text: string): void {
    const count = (this.counts.get(rule) ?? 0) + 1;
    this.counts.set(rule, count);
    if (count <= MAX_PER_RULE) this.all.push({ rule, text });
  }

  /** Adds where the condition does not hold. */
  expect(condition: boolean, rule: string, text: () => string): void {
    if (!condition) this.add(rule, text());
  }

  list(): readonly Finding[] {
    return this.all;
  }

  get isEmpty(): boolean {
    return this.all.length === 0;
  }
}
