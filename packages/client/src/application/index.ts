/**
 * What applications pay with. README.md has a guide with examples.
 * @packageDocumentation
 */
export { Client } from './client';
export { digitsOf, toDecimal, toMinor } from './money';
export type { ClientError, ErrorKind, Outcome } from './outcome';
export type * from './types';
export type { Statement, StatementLine, StatementPeriod } from '../statement/statement';
