/** The OpenAPI 3.1 document of the routes: made from the proto files and their comments, by protobuf's JSON mapping. */
import { ScalarType, type DescEnum, type DescField, type DescMessage, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import { commentOf } from './comments';
import { pathFields, ROUTES, STATEMENT_PATH, type Route } from './routes';
import { fieldOf, methodOf } from './schema';
import { PREFER, STATEMENT_OPERATION, STATEMENT_SCHEMAS } from './statement-document';

type Schemas = Map<string, JsonObject>;
const ANY = 'google.protobuf.Any';
const INTEGERS_AS_TEXT: ReadonlySet<ScalarType> = new Set([ScalarType.INT64, ScalarType.UINT64, ScalarType.SINT64, ScalarType.FIXED64, ScalarType.SFIXED64]);
const UNSIGNED: ReadonlySet<ScalarType> = new Set([ScalarType.UINT32, ScalarType.UINT64, ScalarType.FIXED32, ScalarType.FIXED64]);

export function openApiDocument(version: string): JsonObject {
  const schemas: Schemas = new Map([['Problem', PROBLEM], ...Object.entries(STATEMENT_SCHEMAS)]);
  const paths: Record<string, Record<string, JsonValue>> = {};
  for (const route of ROUTES) (paths[route.path] ??= {})[route.verb.toLowerCase()] = operation(route, schemas);
  paths[STATEMENT_PATH] = { get: { ...STATEMENT_OPERATION, responses: { ...done({ $ref: '#/components/schemas/GetStatementResponse' }), ...FAILED } } };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Mini Account System',
      version,
      description:
        'Accounts, payments and locks as JSON. Messages are those of mas.v1 by the JSON mapping of protobuf: 64-bit integers are strings, enums their names. Failures are problem details (RFC 9457) with a stable reason.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}

function operation(route: Route, schemas: Schemas): JsonObject {
  const method = methodOf(route.method);
  const { input, output } = method;
  const inPath = pathFields(route.path);
  const outer = new Set(inPath.map((name) => name.split('.')[0] ?? name));
  const left = input.fields.filter((field) => !outer.has(field.jsonName));
  const parameters: JsonValue[] = inPath.map((name) => ({ name, in: 'path', required: true, ...described(nested(input, name), schemas) }));
  if (route.verb === 'GET')
    parameters.push(
      ...left
        .filter((field) => field.fieldKind !== 'message' && field.oneof === undefined)
        .map((field) => ({ name: field.jsonName, in: 'query', ...described(field, schemas) })),
    );
  if (route.idempotencyField !== null)
    parameters.push({
      name: 'Idempotency-Key',
      in: 'header',
      description: `The same as ${route.idempotencyField} in the body: a repetition with the same key answers the same, and does nothing again.`,
      schema: { type: 'string' },
    });
  parameters.push(PREFER);
  return {
    operationId: method.name + (route.path.includes('{txn.') ? 'ByTransaction' : ''),
    tags: [method.parent.name],
    summary: commentOf(method),
    parameters,
    ...(route.verb === 'POST' && left.length > 0 ? { requestBody: { required: true, content: json(reference(input, schemas)) } } : {}),
    responses: { ...done(reference(output, schemas)), ...FAILED },
  };
}

const FAILED: JsonObject = {
  default: { description: 'What failed, and why', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
};

function done(schema: JsonObject): JsonObject {
  return { '200': { description: 'Done', content: json(schema) } };
}

function nested(message: DescMessage, name: string): DescField {
  const [outer = '', inner] = name.split('.');
  const field = fieldOf(message, outer);
  if (field === undefined) throw new Error(`${message.typeName} has no field ${outer}`);
  return inner === undefined || field.fieldKind !== 'message' ? field : nested(field.message, inner);
}

function described(field: DescField, schemas: Schemas): JsonObject {
  const description = commentOf(field);
  return { ...(description === '' ? {} : { description }), schema: schemaOf(field, schemas) };
}

function json(schema: JsonValue): JsonObject {
  return { 'application/json': { schema } };
}

function reference(message: DescMessage, schemas: Schemas): JsonObject {
  if (message.typeName === ANY) return { type: 'object', properties: { '@type': { type: 'string' } }, required: ['@type'] };
  const name = message.typeName.replace(/^mas\.v1\./, '');
  if (!schemas.has(name)) {
    // Before its fields: they may refer to it.
    schemas.set(name, {});
    schemas.set(name, messageSchema(message, schemas));
  }
  return { $ref: `#/components/schemas/${name}` };
}

function messageSchema(message: DescMessage, schemas: Schemas): JsonObject {
  const properties = message.fields.map((field) => {
    const { description, schema } = described(field, schemas) as { description?: string; schema: JsonObject };
    const oneOf = field.oneof === undefined ? '' : `At most one of ${field.oneof.fields.map((one) => one.jsonName).join(', ')}.`;
    const text = [description ?? '', oneOf].filter((part) => part !== '').join(' ');
    return [field.jsonName, text === '' ? schema : { ...schema, description: text }] as const;
  });
  const description = commentOf(message);
  return { type: 'object', ...(description === '' ? {} : { description }), properties: Object.fromEntries(properties), additionalProperties: false };
}

function schemaOf(field: DescField, schemas: Schemas): JsonObject {
  switch (field.fieldKind) {
    case 'message':
      return reference(field.message, schemas);
    case 'enum':
      return enumSchema(field.enum);
    case 'scalar':
      return scalarSchema(field.scalar);
    case 'map':
      return { type: 'object', additionalProperties: field.mapKind === 'scalar' ? scalarSchema(field.scalar) : {} };
    case 'list':
      switch (field.listKind) {
        case 'message':
          return { type: 'array', items: reference(field.message, schemas) };
        case 'enum':
          return { type: 'array', items: enumSchema(field.enum) };
        case 'scalar':
          return { type: 'array', items: scalarSchema(field.scalar) };
      }
  }
}

function enumSchema({ values }: DescEnum): JsonObject {
  return { type: 'string', enum: values.map(({ name }) => name) };
}

function scalarSchema(scalar: ScalarType): JsonObject {
  if (INTEGERS_AS_TEXT.has(scalar))
    return { type: 'string', format: UNSIGNED.has(scalar) ? 'uint64' : 'int64', pattern: UNSIGNED.has(scalar) ? '^\\d+$' : '^-?\\d+$' };
  switch (scalar) {
    case ScalarType.STRING:
      return { type: 'string' };
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' };
    case ScalarType.BOOL:
      return { type: 'boolean' };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { type: 'number' };
    default:
      return UNSIGNED.has(scalar) ? { type: 'integer', minimum: 0, maximum: 0xff_ff_ff_ff } : { type: 'integer', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };
  }
}

const PROBLEM: JsonObject = {
  type: 'object',
  description: 'Problem details, RFC 9457.',
  properties: {
    type: { type: 'string', format: 'uri', description: 'urn:mas:reason: and the reason.' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What is wrong and what to do, for people.' },
    reason: { type: 'string', description: 'Stable, the same as in gRPC: what programs decide by.' },
    field: { type: 'string', description: 'The field that is wrong.' },
    facts: { type: 'object', additionalProperties: { type: 'string' } },
    mayHaveHappened: { type: 'boolean', description: 'The request may have been carried out: ask again with the same id or Idempotency-Key.' },
    answer: { type: 'object', description: 'What was answered beside it: the payment that was aborted, or whose outcome is not known.' },
  },
  required: ['type', 'title', 'status', 'detail', 'reason'],
};
