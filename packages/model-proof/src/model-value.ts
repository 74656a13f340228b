/**
 * Values of the model, as both sides write them: read from the JSON of Apalache's ITF (which `quint run --out-itf` writes), built from
 * production state, compared by their one text, and written as Quint expressions.
 */
import { invariant } from '@mas/values';

/** A list is a JavaScript array; a record a plain object. */
export type ModelValue = number | boolean | string | readonly ModelValue[] | SetValue | MapValue | TupleValue | VariantValue | RecordValue;

export interface SetValue {
  readonly '#set': readonly ModelValue[];
}
export interface MapValue {
  readonly '#map': readonly (readonly [ModelValue, ModelValue])[];
}
export interface TupleValue {
  readonly '#tup': readonly ModelValue[];
}
/** A sum type's. One without a content has the empty tuple. */
export interface VariantValue {
  readonly tag: string;
  readonly value: ModelValue;
}
export interface RecordValue {
  readonly [field: string]: ModelValue;
}

export const tupleOf = (...values: readonly ModelValue[]): TupleValue => ({ '#tup': values });
export const setOf = (values: Iterable<ModelValue>): SetValue => ({ '#set': [...values] });
export const mapOf = (entries: Iterable<readonly [ModelValue, ModelValue]>): MapValue => ({ '#map': [...entries] });
export const variant = (tag: string, value: ModelValue = tupleOf()): VariantValue => ({ tag, value });

export const isSet = (value: ModelValue): value is SetValue => typeof value === 'object' && '#set' in value;
export const isMap = (value: ModelValue): value is MapValue => typeof value === 'object' && '#map' in value;
export const isTuple = (value: ModelValue): value is TupleValue => typeof value === 'object' && '#tup' in value;
export const isVariant = (value: ModelValue): value is VariantValue => typeof value === 'object' && 'tag' in value && 'value' in value;
const isList = (value: ModelValue): value is readonly ModelValue[] => Array.isArray(value);

/** @throws InvariantViolation for what is no ITF. */
export function fromItf(json: unknown): ModelValue {
  if (typeof json === 'number' || typeof json === 'boolean' || typeof json === 'string') return json;
  if (Array.isArray(json)) return json.map(fromItf);
  invariant(typeof json === 'object' && json !== null, 'an ITF value is a literal or an object', { json: String(json) });
  const fields = json as Readonly<Record<string, unknown>>;
  if ('#bigint' in fields) return Number(fields['#bigint']);
  if ('#set' in fields) return setOf(listOf(fields['#set']).map(fromItf));
  if ('#tup' in fields) return tupleOf(...listOf(fields['#tup']).map(fromItf));
  if ('#map' in fields)
    return mapOf(
      listOf(fields['#map']).map((pair) => {
        const [key, value] = listOf(pair);
        return [fromItf(key), fromItf(value)] as const;
      }),
    );
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => name !== '#meta')
      .map(([name, value]) => [name, fromItf(value)]),
  );
}

function listOf(json: unknown): readonly unknown[] {
  invariant(Array.isArray(json), 'a list in ITF', { json: String(json) });
  return json;
}

/** Equal values have equal texts: sets, maps and fields are sorted. */
export function textOf(value: ModelValue): string {
  if (typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(textOf).join(',')}]`;
  if (isSet(value)) return `{${[...new Set(value['#set'].map(textOf))].sort().join(',')}}`;
  if (isMap(value))
    return `<${value['#map']
      .map(([key, held]) => `${textOf(key)}->${textOf(held)}`)
      .sort()
      .join(',')}>`;
  if (isTuple(value)) return `(${value['#tup'].map(textOf).join(',')})`;
  return `{${fieldsOf(value)
    .map(([name, held]) => `${name}:${textOf(held)}`)
    .sort()
    .join(',')}}`;
}

/** As an expression of Quint. */
export function quintOf(value: ModelValue): string {
  if (typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(quintOf).join(', ')}]`;
  if (isSet(value)) return `Set(${value['#set'].map(quintOf).join(', ')})`;
  if (isMap(value)) return `Map(${value['#map'].map(([key, held]) => `${quintOf(key)} -> ${quintOf(held)}`).join(', ')})`;
  if (isTuple(value)) return `(${value['#tup'].map(quintOf).join(', ')})`;
  if (isVariant(value)) return isTuple(value.value) && value.value['#tup'].length === 0 ? value.tag : `${value.tag}(${quintOf(value.value)})`;
  return `{ ${fieldsOf(value)
    .map(([name, held]) => `${name}: ${quintOf(held)}`)
    .join(', ')} }`;
}

function fieldsOf(value: RecordValue | VariantValue): readonly (readonly [string, ModelValue])[] {
  return Object.entries(value as RecordValue);
}

export function fieldOf(value: ModelValue, name: string): ModelValue {
  const held = typeof value === 'object' && !isList(value) ? (value as RecordValue)[name] : undefined;
  invariant(held !== undefined, 'a record has the field', { name, value: textOf(value) });
  return held;
}

export function stringOf(value: ModelValue): string {
  invariant(typeof value === 'string', 'a string', { value: textOf(value) });
  return value;
}

export function numberOf(value: ModelValue): number {
  invariant(typeof value === 'number', 'a number', { value: textOf(value) });
  return value;
}

export function variantOf(value: ModelValue): VariantValue {
  invariant(isVariant(value), 'a value of a sum type', { value: textOf(value) });
  return value;
}

export function membersOf(value: ModelValue): readonly ModelValue[] {
  invariant(isSet(value), 'a set', { value: textOf(value) });
  return value['#set'];
}

/** Where two values differ first: a path, and both texts there. Null: nowhere. */
export function firstDifference(expected: ModelValue, found: ModelValue, path = 'state'): string | null {
  if (textOf(expected) === textOf(found)) return null;
  if (isMap(expected) && isMap(found)) return mapDifference(expected, found, path);
  const isPlain = (value: ModelValue): value is RecordValue => typeof value === 'object' && !isList(value) && !isSet(value) && !isTuple(value);
  if (isPlain(expected) && isPlain(found) && !isMap(expected) && !isMap(found))
    for (const name of Object.keys(expected)) {
      const other = found[name];
      const difference = other === undefined ? `${path}.${name} is missing` : firstDifference(fieldOf(expected, name), other, `${path}.${name}`);
      if (difference !== null) return difference;
    }
  return `${path}: the model has ${textOf(expected)}, production ${textOf(found)}`;
}

function mapDifference(expected: MapValue, found: MapValue, path: string): string | null {
  const others = new Map(found['#map'].map(([key, value]) => [textOf(key), value]));
  for (const [key, value] of expected['#map']) {
    const text = textOf(key);
    const other = others.get(text);
    if (other === undefined) return `${path}: only the model has ${text} -> ${textOf(value)}`;
    const difference = firstDifference(value, other, `${path}[${text}]`);
    if (difference !== null) return difference;
    others.delete(text);
  }
  const [more] = others.keys();
  return more === undefined ? null : `${path}: only production has ${more}`;
}
