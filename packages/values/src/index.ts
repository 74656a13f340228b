export type { Brand } from './brand';
export { delay, every, within, type Clock, type Timer } from './clock';
export { DURATION_BOUNDS_MS, Durations } from './durations';
export {
  accountNumber,
  bucketId,
  MAX_ACCOUNT_NUMBER_LENGTH,
  MAX_BUCKET_ID,
  MAX_PAYMENT_ID_LENGTH,
  MAX_RM_ID,
  MAX_SLOTS_PER_MOVE,
  parseAccountNumber,
  parsePaymentId,
  paymentKey,
  rmId,
  slot,
  SLOT_COUNT,
  splitPaymentKey,
  txnId,
  type AccountNumber,
  type BucketId,
  type PaymentKey,
  type RmId,
  type Slot,
  type TxnId,
} from './ids';
export { afterListening } from './listening';
export type { MissingQuorum } from './missing-quorum';
export { isIn, overlap, type SlotRange } from './slot-range';
export { SlotSet } from './slot-set';
export { invariant, InvariantViolation, present, unreachable } from './invariant';
export { silentLogger, type LogFacts, type Logger } from './log';
export {
  currency,
  DEFAULT_CURRENCY,
  fitsInt64,
  formatAmount,
  MAX_AMOUNT_MINOR,
  minorDigits,
  nearestInt64,
  parseAmount,
  parseCurrency,
  type AmountMinor,
  type Currency,
  type MoneyRefusal,
} from './money';
export { SeededRandom, type Random } from './random';
export { err, ok, type Result } from './result';
