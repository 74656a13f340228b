export * from './application';
export { MasClient, type AuditOptions, type Level } from './calls/mas-client';
export { encodePayment, type AmountInput, type EncodedPayment, type PaymentInput } from './calls/payment-calls';
export type { PaymentStream } from './calls/payment-stream';
export { MasCallFailed } from './calls/call-failed';
export { RetryingChannel, type CallLead, type ChannelOptions } from './calls/retrying-channel';
export { NoStatement } from './statement/no-statement';
export { readStatement, type ReadStatement, type StatementReads } from './statement/read-statement';
export { readsInTime } from './statement/reads-in-time';
