/** The few frames of HTTP/2 (RFC 9113) and header blocks (HPACK, RFC 7541) that a gRPC caller with one fixed method needs. */

export const FRAME_HEADER_BYTES = 9;
export const DATA = 0;
export const HEADERS = 1;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const ACK = 0x1;
export const END_STREAM = 0x1;
const END_HEADERS = 0x4;
const NO_PUSH = Buffer.from([0, 2, 0, 0, 0, 0]);
const GRPC_PREFIX_BYTES = 5;

export const CONNECTION_WINDOW_BYTES = 65_535;
/** What the other side may send before it is told of more room. */
export const GRANTED_BYTES = 16 * 1024 * 1024;

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

export function preface(): Buffer {
  return Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(SETTINGS, 0, 0, NO_PUSH), windowUpdate(GRANTED_BYTES)]);
}

export function windowUpdate(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frame(WINDOW_UPDATE, 0, 0, payload);
}

/** HEADERS and DATA of one unary call whose message is `message`. */
export function unaryCall(stream: number, headerBlock: Buffer, message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(2 * FRAME_HEADER_BYTES + headerBlock.length + GRPC_PREFIX_BYTES + message.length);
  let at = header(bytes, 0, headerBlock.length, HEADERS, END_HEADERS, stream);
  bytes.set(headerBlock, at);
  at = header(bytes, at + headerBlock.length, dataBytes(message), DATA, END_STREAM, stream);
  bytes[at] = 0;
  bytes.writeUInt32BE(message.length, at + 1);
  bytes.set(message, at + GRPC_PREFIX_BYTES);
  return bytes;
}

/** What a call's DATA frame takes from the connection's window. */
export function dataBytes(message: Uint8Array): number {
  return GRPC_PREFIX_BYTES + message.length;
}

/** Spells the headers out and puts them into the dynamic table of the connection; only for its first call. */
export function firstHeaderBlock(path: string, authority: string): Buffer {
  return Buffer.concat([
    Buffer.from([0x83, 0x86, 0x44]),
    text(path),
    Buffer.from([0x41]),
    text(authority),
    Buffer.from([0x5f]),
    text('application/grpc'),
    Buffer.from([0x40]),
    text('te'),
    text('trailers'),
  ]);
}

/** The same by their indexes: POST, http, and the four entries that the first call left, youngest 62. */
export const REPEATED_HEADER_BLOCK = Buffer.from([0x83, 0x86, 0xc1, 0xc0, 0xbf, 0xbe]);

function header(bytes: Buffer, at: number, length: number, type: number, flags: number, stream: number): number {
  bytes.writeUIntBE(length, at, 3);
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  return bytes.writeUInt32BE(stream, at + 5);
}

/** A literal without Huffman coding, shorter than 127 bytes. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'ascii')]);
}
