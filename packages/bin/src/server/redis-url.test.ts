/** What is wrong with a URL of Redis is one line that says so, without its password; what is right is taken as it stands. */
import { readRedisUrl } from './redis-url';

test.each([
  ['embedded', null],
  ['redis://localhost', { host: 'localhost', port: 6379, redis: {} }],
  ['redis://127.0.0.1:7000/', { host: '127.0.0.1', port: 7000, redis: {} }],
  ['redis://[::1]:7000/15', { host: '::1', port: 7000, redis: { db: 15 } }],
  ['redis://:pass%25word@db/0', { host: 'db', port: 6379, redis: { password: 'pass%word', db: 0 } }],
  ['rediss://me:p%40ss@db.example', { host: 'db.example', port: 6379, redis: { username: 'me', password: 'p@ss', tls: { servername: 'db.example' } } }],
])('%s', (text, target) => {
  expect(readRedisUrl(text)).toEqual(target);
});

test.each([
  ['', /is not a URL/],
  ['localhost:6379', /begins with localhost:/],
  ['127.0.0.1:6379', /is not a URL/],
  ['http://localhost', /begins with http:/],
  ['redis://', /names no host/],
  ['redis:localhost:6379', /names no host/],
  ['redis://local%zzhost', /no host name/],
  ['redis://me:secret%@localhost', /stray % in its password.*%25/],
  ['redis://m%e@localhost', /stray % in its user/],
  ['redis://:secret/1@localhost', /is not a URL/],
  ['redis://:secret#1@localhost', /is not a URL/],
  ['redis://localhost/zero', /not the number of a database/],
  ['redis://localhost/1/2', /not the number of a database/],
  ['redis://localhost/%', /not the number of a database/],
  ['redis://localhost:0', /port 0/],
  ['redis://localhost:66000', /is not a URL/],
  ['redis://localhost?db=1', /parameters/],
  ['redis://localhost#1', /#/],
])('%s is refused', (text, message) => {
  const refuse = (): unknown => readRedisUrl(text);
  expect(refuse).toThrow(message);
  expect(refuse).toThrow(/^--redis \(or MAS_REDIS\) [^\n]+$/);
  expect(refuse).not.toThrow(/secret/);
});
