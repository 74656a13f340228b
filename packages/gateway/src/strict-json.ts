/**
 * JSON from outside. What a lenient parser would settle by itself is refused by name: keys that stand twice, whole numbers that JavaScript cannot hold, depth
 * without end.
 */
import type { JsonObject } from '@bufbuild/protobuf';
import { visit } from 'jsonc-parser';
import { err, ok, type Result } from '@mas/values';
import { refusal, type Refusal } from './refusal';

/** Of objects and arrays in each other; requests of this service need four. */
const MAX_DEPTH = 32;

export function readJsonObject(bytes: Buffer): Result<JsonObject, Refusal> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return err(refusal('JSON_MALFORMED', 'the body is not UTF-8'));
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return err(refusal('JSON_MALFORMED', `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return err(refusal('JSON_NOT_AN_OBJECT', 'the body must be a JSON object'));
  const problem = problemOf(text);
  return problem === null ? ok(value as JsonObject) : err(problem);
}

class Found extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.error.message);
  }
}

/** Of valid JSON. */
function problemOf(text: string): Refusal | null {
  /** The keys of each open object; of an array, none. */
  const open: Set<string>[] = [];
  const begin = (): void => {
    if (open.length === MAX_DEPTH) throw new Found(refusal('JSON_TOO_DEEP', `the body has more than ${MAX_DEPTH} objects and arrays in each other`));
    open.push(new Set());
  };
  const end = (): void => {
    open.pop();
  };
  const key = (name: string): void => {
    const keys = open.at(-1);
    if (keys?.has(name) === true) throw new Found(refusal('JSON_KEY_TWICE', `the key ${JSON.stringify(name.slice(0, 64))} stands twice in one object`));
    keys?.add(name);
  };
  const literal = (value: unknown, offset: number, length: number): void => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return;
    const digits = text.slice(offset, offset + length);
    if (!/^-?\d+$/.test(digits)) return;
    const shown = digits.slice(0, 32);
    throw new Found(refusal('JSON_NUMBER_TOO_LARGE', `the number ${shown} loses digits where it is read as JSON: write it as a string, "${shown}"`));
  };
  try {
    visit(text, { onObjectBegin: begin, onObjectEnd: end, onArrayBegin: begin, onArrayEnd: end, onObjectProperty: key, onLiteralValue: literal });
    return null;
  } catch (error) {
    if (error instanceof Found) return error.refusal;
    throw error;
  }
}
