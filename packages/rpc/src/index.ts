export { EncodedInstructions, ProtoLedgerCodec } from './codec/ledger-codec';
export { ProtoRowCodec } from './codec/row-codec';
export { MalformedBytes } from './wire/malformed-bytes';
