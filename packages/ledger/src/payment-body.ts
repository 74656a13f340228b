/**
 * A payment's body, sealed: its content together with its one canonical encoding (body-codec.ts). It is encoded where it enters
 * the system and never again: requests, log entries, rows and Redis carry these bytes. Two bodies are equal exactly when
 * their bytes are. It is bound to the payment's key by the home record, so that a retry with another body is told which
 * field differs.
 *
 * A class with a private field, so that nothing but a sealed body passes for one: a changed copy is content and has to be sealed again.
 */
import { decodeBody, encodeBody } from './body-codec';
import type { BodyContent, LegSpec, PaymentKind, PaymentReference } from './body-content';
import { validateBody, type BodyProblem } from './validate-body';

export type { BodyContent, LegEffect, LegSpec, PaymentKind, PaymentReference } from './body-content';

export class PaymentBody implements BodyContent {
  readonly kind: PaymentKind;
  readonly legs: readonly LegSpec[];
  readonly reference: PaymentReference | null;
  readonly expiresAtMs: number | null;
  readonly memo: string;
  /** Found once: a body does not change. */
  #problems: readonly BodyProblem[] | null = null;

  private constructor(
    content: BodyContent,
    /** Never written to. */
    readonly bytes: Uint8Array,
  ) {
    this.kind = content.kind;
    this.legs = content.legs;
    this.reference = content.reference;
    this.expiresAtMs = content.expiresAtMs;
    this.memo = content.memo;
  }

  /** The memo is well-formed Unicode; nothing else is asked of the content. */
  static of(content: BodyContent): PaymentBody {
    return content instanceof PaymentBody ? content : new PaymentBody(content, encodeBody(content));
  }

  /**
   * @param bytes kept as they are: a view of something larger keeps all of that in memory.
   * @throws MalformedBody also for another rendering of a body than the canonical one: one body must not be two transactions.
   */
  static fromBytes(bytes: Uint8Array): PaymentBody {
    return new PaymentBody(decodeBody(bytes, 'canonical'), bytes);
  }

  /** What is wrong in it alone (validate-body.ts), without any policy. */
  problems(): readonly BodyProblem[] {
    this.#problems ??= validateBody(this);
    return this.#problems;
  }

  /** For people and for comparing: the bytes say the same once more. */
  toJSON(): BodyContent {
    const { kind, legs, reference, expiresAtMs, memo } = this;
    return { kind, legs, reference, expiresAtMs, memo };
  }

  equals(other: PaymentBody): boolean {
    return this === other || equalBytes(this.bytes, other.bytes);
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
