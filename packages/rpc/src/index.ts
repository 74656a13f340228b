export { EncodedInstructions, ProtoLedgerCodec } from './codec/ledger-codec';
export { PeerBatchCodec } from './codec/peer-batch-codec';
export { decodePlacementMap, encodePlacementMap } from './codec/placement-messages';
export { ProtoRowCodec } from './codec/row-codec';
export { SessionCodec } from './codec/session-codec';
export { MalformedBytes } from './wire/malformed-bytes';
