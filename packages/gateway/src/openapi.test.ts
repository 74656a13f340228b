/** Every public method has a route or a reason, and the document in the repository is that of the routes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiDocument } from './openapi';
import { ROUTES, STATEMENT_PATH, WITHOUT_ROUTE } from './routes';
import { methodOf, REGISTRY } from './schema';

const PUBLIC = ['AccountService', 'LockService', 'NodeService'];
const FILE = join(__dirname, '../openapi.json');

test('every method of the public services has a route, or stands with the reason why not', () => {
  const methods = PUBLIC.flatMap((service) => REGISTRY.getService(`mas.v1.${service}`)?.methods.map((method) => `${service}/${method.name}`) ?? []);
  expect([...new Set(ROUTES.map(({ method }) => method)), ...Object.keys(WITHOUT_ROUTE)].sort()).toEqual([...methods].sort());
});

test('a route calls a method with one request and one answer', () => {
  for (const { method } of ROUTES) expect([method, methodOf(method).methodKind]).toEqual([method, 'unary']);
});

// With MAS_UPDATE_DOCS=1 it is written anew.
test('the document in the repository is that of the routes', () => {
  if (process.env['MAS_UPDATE_DOCS'] === '1') writeFileSync(FILE, `${JSON.stringify(openApiDocument('1'), null, 2)}\n`);
  expect(JSON.parse(readFileSync(FILE, 'utf8'))).toEqual(openApiDocument('1'));
});

test('operations have names of their own, and a summary', () => {
  const operations = Object.values(openApiDocument('1')['paths'] as Record<string, Record<string, { operationId: string; summary: string }>>).flatMap((path) =>
    Object.values(path),
  );
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(ROUTES.length + [STATEMENT_PATH].length);
  expect(operations.filter(({ summary }) => summary.length < 10)).toEqual([]);
});
