/**
 * A request as a payment body, which is sealed here: legs sorted, effects chosen by the kind, everything that is wrong in it named with
 * the request's own field. Capture, void and refund take what they do not say from the payment they refer to.
 */
import {
  actsForOwner,
  MAX_EXPIRY_SECONDS,
  PaymentBody,
  validateBody,
  type BodyContent,
  type LegEffect,
  type LegSpec,
  type OutcomeRow,
  type Subject,
} from '@mas/ledger';
import type { PaymentKey, TxnId } from '@mas/values';
import type { PaymentRequest, Reply } from '../coordinator-service';
import { failure, success } from '../reply';

/** The body of the payment that a request refers to. */
export interface Original {
  readonly key: PaymentKey;
  readonly txn: TxnId;
  readonly body: PaymentBody;
}

export interface Draft {
  readonly body: PaymentBody;
  /** For authorizations, whose expiry depends on when they are asked: how long was asked for. */
  readonly expiresInMs: number | null;
  /** Position in the request of each of the body's legs, for naming fields; −1: derived. */
  readonly positions: readonly number[];
}

type RequestLeg = PaymentRequest['legs'][number];
interface PlacedLeg {
  readonly spec: LegSpec;
  readonly position: number;
}

/**
 * @param original null exactly when the kind refers to none.
 * @param nowMs since the Unix epoch, as most Resource Managers have it; an authorization counts from there, nothing else reads it
 */
export function draftOf(request: PaymentRequest, original: Original | null, subject: Subject, nowMs: number): Reply<Draft> {
  const seconds = request.expiresInSeconds;
  if (seconds !== null && (!Number.isSafeInteger(seconds) || seconds < 1 || seconds > MAX_EXPIRY_SECONDS)) {
    return failure('invalid', 'EXPIRY_INVALID', `An authorization expires after 1 to ${MAX_EXPIRY_SECONDS} seconds.`, 'expires_in_seconds');
  }
  const legs = legsOf(request, original);
  if (!legs.ok) return legs;
  const placed = [...legs.value].sort((a, b) => (a.spec.account < b.spec.account ? -1 : a.spec.account > b.spec.account ? 1 : 0));
  const content: BodyContent = {
    kind: request.kind,
    legs: placed.map((leg) => leg.spec),
    reference: original === null ? null : { key: original.key, txn: original.txn },
    expiresAtMs: seconds === null ? null : nowMs + seconds * 1000,
    memo: request.memo,
  };
  const positions = placed.map((leg) => leg.position);
  const [problem] = validateBody(content);
  if (problem !== undefined) return failure('invalid', problem.name, problem.message, requestField({ positions }, problem.field));
  return authorized({ body: PaymentBody.of(content), expiresInMs: seconds === null ? null : seconds * 1000, positions }, subject);
}

/** A path in the body as a path in the request. */
export function requestField(draft: Pick<Draft, 'positions'>, field: string): string {
  if (field === 'expires_at') return 'expires_in_seconds';
  const match = /^legs\[(\d+)\]\.(\w+)$/.exec(field);
  if (match === null) return field;
  const position = draft.positions[Number(match[1])] ?? -1;
  if (position < 0) return match[2] === 'amount' ? 'amount' : 'reference';
  return `legs[${position}].${match[2] === 'effect' ? 'direction' : (match[2] ?? '')}`;
}

export function originalOf(row: OutcomeRow): Original {
  return { key: row.key, txn: row.txn, body: row.body };
}

function authorized(draft: Draft, subject: Subject): Reply<Draft> {
  if (subject.kind !== 'account') return success(draft);
  const foreign = draft.body.legs.findIndex((leg) => actsForOwner(leg.effect) && leg.account !== subject.account);
  if (foreign < 0) return success(draft);
  const account = draft.body.legs[foreign]?.account ?? '';
  return failure(
    'permission-denied',
    'NOT_AUTHORIZED',
    `The token of account ${subject.account} may not take money from account ${account}; use that account's token or an operator's.`,
    requestField(draft, `legs[${foreign}].account`),
    { account },
  );
}

function legsOf(request: PaymentRequest, original: Original | null): Reply<readonly PlacedLeg[]> {
  switch (request.kind) {
    case 'payment':
      return success(request.legs.map((leg, i) => placedLeg(leg, i, leg.direction === 'debit' ? 'debit' : 'credit')));
    case 'authorization':
      return success(request.legs.map((leg, i) => placedLeg(leg, i, leg.direction === 'debit' ? 'authorize' : 'credit')));
    case 'capture':
      return original === null ? referenceMissing() : captureLegs(request, original);
    case 'void':
      return original === null ? referenceMissing() : voidLegs(original);
    case 'refund':
      return original === null ? referenceMissing() : refundLegs(request, original);
  }
}

/** The payee comes with the capture: an authorization reserves money and pays nobody. */
function captureLegs(request: PaymentRequest, original: Original): Reply<readonly PlacedLeg[]> {
  const reserved = original.body.legs.find((leg) => leg.effect === 'authorize');
  if (reserved === undefined) return notAuthorization();
  const credits = request.legs.map((leg, i) => placedLeg(leg, i, 'credit')).filter((_, i) => request.legs[i]?.direction === 'credit');
  if (credits.length === 0) return failure('invalid', 'TOO_FEW_LEGS', 'A capture says who is paid: give it a credit leg.', 'legs');
  const given = credits.reduce((sum, leg) => sum + leg.spec.amountMinor, 0n);
  const amountMinor = request.amountMinor ?? (given > 0n ? given : reserved.amountMinor);
  const [only] = credits;
  const filled = credits.length === 1 && only !== undefined && only.spec.amountMinor === 0n ? [{ ...only, spec: { ...only.spec, amountMinor } }] : credits;
  return success([{ spec: { account: reserved.account, effect: 'capture', amountMinor, currency: reserved.currency }, position: -1 }, ...filled]);
}

function voidLegs(original: Original): Reply<readonly PlacedLeg[]> {
  const reserved = original.body.legs.find((leg) => leg.effect === 'authorize');
  if (reserved === undefined) return notAuthorization();
  return success([{ spec: { account: reserved.account, effect: 'void', amountMinor: 0n, currency: reserved.currency }, position: -1 }]);
}

/** Without legs: the original the other way round, whole, or in part where it has one payer and one payee. */
function refundLegs(request: PaymentRequest, original: Original): Reply<readonly PlacedLeg[]> {
  if (request.legs.length > 0) return success(request.legs.map((leg, i) => placedLeg(leg, i, leg.direction === 'debit' ? 'refund-debit' : 'credit')));
  const { legs } = original.body;
  if (!legs.some((leg) => leg.effect === 'credit'))
    return failure('failed-precondition', 'ORIGINAL_NOT_FOUND', 'The payment that the refund refers to paid nobody.', 'reference');
  if (request.amountMinor !== null && legs.length !== 2) {
    return failure('invalid', 'LEGS_MISSING', 'A part of a payment with more than two legs can be refunded only leg by leg: say which.', 'legs');
  }
  return success(
    legs.map((leg) => ({
      spec: {
        account: leg.account,
        effect: leg.effect === 'credit' ? ('refund-debit' as const) : ('credit' as const),
        amountMinor: request.amountMinor ?? leg.amountMinor,
        currency: leg.currency,
      },
      position: -1,
    })),
  );
}

function placedLeg(leg: RequestLeg, position: number, effect: LegEffect): PlacedLeg {
  return { spec: { account: leg.account, effect, amountMinor: leg.amountMinor, currency: leg.currency }, position };
}

function referenceMissing(): Reply<never> {
  return failure('invalid', 'REFERENCE_MISSING', 'A capture, void or refund names the payment that it builds on.', 'reference');
}

function notAuthorization(): Reply<never> {
  return failure('failed-precondition', 'AUTHORIZATION_NOT_FOUND', 'The payment that it refers to is not an authorization.', 'reference');
}
