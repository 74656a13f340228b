/**
 * Text of requests is UTF-8 or the request is refused, naming the field. The generated code would put U+FFFD in its place and
 * something would be stored that nobody has sent. What is not UTF-8 is read as half of a surrogate pair, which no UTF-8
 * stands for; only then is the message searched for it.
 */
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { accepted, invalid } from '../errors/request-errors';
import type { Reply } from '@mas/transaction-coordinator';

const NOT_TEXT = '\udfff';
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function decodeStrictly<Request>(bytes: Buffer, decode: (reader: BinaryReader) => Request): Reply<Request> {
  let isText = true;
  const reader = new BinaryReader(bytes, (text) => {
    try {
      return utf8.decode(text);
    } catch {
      isText = false;
      return NOT_TEXT;
    }
  });
  const request = decode(reader);
  if (isText) return accepted(request);
  const field = pathOfBadText(request) ?? '';
  return invalid('TEXT_INVALID', field, `The text of "${field}" is not UTF-8.`);
}

/** In the words of the proto file: `payments[3].memo`. Undefined where the text was in a field that is not kept. */
function pathOfBadText(value: unknown): string | undefined {
  if (value === NOT_TEXT) return '';
  if (Array.isArray(value)) return firstOf(value.map((each: unknown, at) => [`[${at}]`, each]));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return undefined;
  // A oneof: its name is no part of the path, that of the case is.
  if ('$case' in value && typeof value.$case === 'string') return firstOf([[`.${inProtoForm(value.$case)}`, 'value' in value ? value.value : undefined]]);
  return firstOf(Object.entries(value).map(([name, each]: [string, unknown]) => [isOneof(each) ? '' : `.${inProtoForm(name)}`, each]))?.replace(/^\./, '');
}

function firstOf(parts: readonly (readonly [step: string, value: unknown])[]): string | undefined {
  for (const [step, value] of parts) {
    const below = pathOfBadText(value);
    if (below !== undefined) return below === '' || below.startsWith('[') || below.startsWith('.') ? `${step}${below}` : `${step}.${below}`;
  }
  return undefined;
}

function isOneof(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '$case' in value;
}

function inProtoForm(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
