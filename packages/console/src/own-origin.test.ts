import { requireOwnOrigin } from './own-origin';

const HOST = 'localhost:9443';
const OWN = { host: HOST, origin: `https://${HOST}` };

test.each<[string, string, Record<string, string>]>([
  ['a page of the console', 'POST', { ...OWN, 'sec-fetch-site': 'same-origin' }],
  ['a browser that says no more', 'DELETE', OWN],
  ['an address that is typed', 'GET', { host: HOST, 'sec-fetch-site': 'none' }],
  ['a link on another page', 'GET', { host: HOST, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }],
  ['a program', 'GET', { host: HOST }],
])('%s may: %s', (_, method, headers) => {
  expect(() => requireOwnOrigin({ method, headers })).not.toThrow();
});

test.each<[string, string, Record<string, string>]>([
  ['a form on another page', 'POST', { host: HOST, origin: 'https://elsewhere.example' }],
  ['a page that hides where it is', 'POST', { host: HOST, origin: 'null' }],
  ['another port of this host', 'POST', { host: HOST, origin: 'https://localhost:9444' }],
  ['a page without TLS', 'POST', { host: HOST, origin: `http://${HOST}` }],
  ['a program that says nothing', 'POST', { host: HOST }],
  ['nobody’s host', 'POST', { origin: 'https://undefined' }],
  ['a sister site', 'POST', { ...OWN, 'sec-fetch-site': 'same-site' }],
  ['any method but a read', 'PUT', { host: HOST }],
  ['another page’s script or picture', 'GET', { host: HOST, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
])('%s may not: %s', (_, method, headers) => {
  expect(() => requireOwnOrigin({ method, headers })).toThrow('did not come from a page of the console');
});
