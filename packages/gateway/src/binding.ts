/** A request of HTTP as the message of its method: path, query, body and Idempotency-Key, each field from one place. */
import { fromJson, ScalarType, toBinary, type DescField, type DescMessage, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import { err, ok, type Result } from '@mas/values';
import { refusal, type Refusal } from './refusal';
import type { Route } from './routes';
import { pathFields } from './routes';
import { fieldOf, REGISTRY } from './schema';

export interface Parts {
  /** Of the path, in its order. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  readonly idempotencyKey: string | null;
}

const MAX_DETAIL = 500;

type Fields = Record<string, JsonValue>;

/** @returns the message, encoded */
export function bind(route: Route, message: DescMessage, parts: Parts): Result<Uint8Array, Refusal> {
  const fields: Fields = { ...parts.body };
  const problem = takeQuery(fields, message, route, parts.query) ?? takePath(fields, route, parts.path) ?? takeKey(fields, route, parts.idempotencyKey);
  if (problem !== null) return err(problem);
  try {
    return ok(toBinary(message, fromJson(message, fields, { registry: REGISTRY })));
  } catch (error) {
    const text = (error instanceof Error ? error.message : String(error)).slice(0, MAX_DETAIL);
    const field = /^cannot decode (?:field|oneof) [\w.]+\.(\w+) from/.exec(text)?.[1];
    return err(refusal('FIELD_INVALID', text, field === undefined ? {} : { field }));
  }
}

function takeQuery(fields: Fields, message: DescMessage, route: Route, query: URLSearchParams): Refusal | null {
  for (const name of new Set(query.keys())) {
    const field = route.verb === 'GET' ? fieldOf(message, name) : undefined;
    if (field === undefined)
      return refusal('QUERY_UNKNOWN', `${route.verb} ${route.path} has no parameter ${JSON.stringify(name.slice(0, 64))} in its query`, {
        field: name.slice(0, 64),
      });
    const value = queryValue(field, query.getAll(name));
    if (value === null)
      return refusal('QUERY_INVALID', `the parameter ${name} is given ${field.fieldKind === 'list' ? 'wrongly' : 'more than once, or is none of a query'}`, {
        field: name,
      });
    fields[name] = value;
  }
  return null;
}

/** Null: it cannot be one. */
function queryValue(field: DescField, values: readonly string[]): JsonValue | null {
  if (field.fieldKind === 'list') return field.listKind === 'message' ? null : [...values];
  const [value] = values;
  if (values.length !== 1 || value === undefined || field.fieldKind === 'message' || field.fieldKind === 'map') return null;
  // Booleans are no strings in JSON; numbers of protobuf may be.
  return field.scalar === ScalarType.BOOL && (value === 'true' || value === 'false') ? value === 'true' : value;
}

function takePath(fields: Fields, route: Route, values: readonly string[]): Refusal | null {
  for (const [at, name] of pathFields(route.path).entries()) {
    const [outer = '', inner] = name.split('.');
    const value = values[at] ?? '';
    const given = inner === undefined ? fields[outer] : (fields[outer] as Fields | undefined)?.[inner];
    if (given !== undefined && String(given) !== value)
      return refusal('FIELD_TWICE', `${name} stands in the path, and otherwise in the request`, { field: name });
    fields[outer] = inner === undefined ? value : { ...(fields[outer] as JsonObject | undefined), [inner]: value };
  }
  return null;
}

function takeKey(fields: Fields, { idempotencyField, path }: Route, key: string | null): Refusal | null {
  if (key === null) return null;
  if (idempotencyField === null) return refusal('IDEMPOTENCY_KEY_UNUSED', `POST ${path} takes no Idempotency-Key`);
  const given = fields[idempotencyField];
  if (given !== undefined && given !== key)
    return refusal('FIELD_TWICE', `${idempotencyField} and the header Idempotency-Key differ: give one of them`, { field: idempotencyField });
  fields[idempotencyField] = key;
  return null;
}
