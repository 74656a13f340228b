/** A broken property, told apart from errors of the harness. */
export class Violation extends Error {
  readonly kind = 'violation';
}

/** @throws Violation when the property does not hold. */
export function holds(condition: boolean, property: string, facts: () => string): asserts condition {
  if (!condition) throw new Violation(`${property}: ${facts()}`);
}
