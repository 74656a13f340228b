export { MasClient, type AmountInput, type AuditOptions, type Level, type PaymentInput } from './calls/mas-client';
export type { PaymentStream } from './calls/payment-stream';
export { MasCallFailed, type ChannelOptions } from './calls/retrying-channel';
