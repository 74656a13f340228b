/**
 * Invariants stay on in production: a process that finds one broken stops rather than go on with money it
 * no longer understands. What a caller can get wrong is a refusal (see result.ts), never an invariant.
 */
export class InvariantViolation extends Error {
  readonly kind = 'invariant-violation';

  constructor(
    message: string,
    readonly facts: Readonly<Record<string, unknown>> = {},
  ) {
    super(`invariant broken: ${message}${renderFacts(facts)}`);
    this.name = 'InvariantViolation';
  }
}

/** @throws InvariantViolation when `condition` is false. */
export function invariant(condition: boolean, message: string, facts?: Readonly<Record<string, unknown>>): asserts condition {
  if (!condition) throw new InvariantViolation(message, facts);
}

/** The value of a lookup that cannot miss. @throws InvariantViolation when it does. */
export function present<Value>(value: Value | undefined | null, what: string): Value {
  if (value === undefined || value === null) throw new InvariantViolation(`${what} is missing`);
  return value;
}

/** Ends a switch over a closed union: the compiler refuses a forgotten case, production stops at a forged one. */
export function unreachable(value: never, what: string): never {
  throw new InvariantViolation(`${what} has no case for this value`, { value });
}

function renderFacts(facts: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(facts).map(([name, value]) => `${name}=${String(value)}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
