/** A flag wins over the environment, the environment over the default; every wrong setting is named with what would be right. */
import { clusterMembers, commonSettings, decimalAmount } from './common-settings';
import { forgetEmptyVariables } from './environment';
import { parseHostPort } from './host-port';
import { integer, listenAddress, readSettings, setting } from './setting';

const settings = {
  port: setting('listen', '<host:port>', 'where to listen', 'localhost:9008', listenAddress()),
  buckets: setting('buckets', '<n>', 'buckets', undefined, integer(1, 10)),
};

test('flag, then variable, then default', () => {
  expect(readSettings(settings, { buckets: '2' }, { MAS_BUCKETS: '3', MAS_LISTEN: '0.0.0.0:1' })).toEqual({ port: { host: '0.0.0.0', port: 1 }, buckets: 2 });
  expect(readSettings(settings, {}, { MAS_BUCKETS: '3' })).toEqual({ port: { host: 'localhost', port: 9008 }, buckets: 3 });
  expect(readSettings(settings, { listen: ':50041', buckets: '1' }, {}).port).toEqual({ host: 'localhost', port: 50041 });
});

test('all wrong settings at once, one line each', () => {
  expect(() => readSettings(settings, { listen: 'nonsense' }, {})).toThrow(
    '--listen (or MAS_LISTEN) is "nonsense": expected host:port, as in localhost:9008\n--buckets (or MAS_BUCKETS) is missing: buckets',
  );
  expect(() => readSettings(settings, { listen: 'a:70000', buckets: '1.5' }, {})).toThrow(/host:port[^]*whole number from 1 to 10/);
});

test.each(['x', '1=a', '1=a:1,1=b:2', '1=a:1,2=a:1', '0=a:1', ''])('cluster "%s" is refused', (value) => {
  expect(clusterMembers().safeParse(value).success).toBe(false);
});

test('amounts and keys', () => {
  expect(decimalAmount().parse('10')).toBe(1000n);
  expect(decimalAmount().safeParse('-1').success).toBe(false);
  expect(commonSettings.jwtKeys.schema.safeParse('a=f,b=g').success).toBe(true);
  expect(commonSettings.jwtKeys.schema.safeParse('a').success).toBe(false);
});

test.each<[string, { readonly host: string; readonly port: number } | null]>([
  ['localhost:1', { host: 'localhost', port: 1 }],
  ['127.0.0.1:65535', { host: '127.0.0.1', port: 65_535 }],
  ['[::1]:9008', { host: '[::1]', port: 9008 }],
  ['::1:9008', null],
  ['[::1]', null],
  ['[localhost]:1', null],
  ['localhost', null],
  ['localhost:65536', null],
  ['a b:1', null],
  ['http://localhost:1', null],
])('%s as host:port', (text, expected) => {
  expect(parseHostPort(text)).toEqual(expected);
});

test('an IPv6 address listens, is a member of a cluster, and is told about its brackets', () => {
  expect(readSettings(settings, { listen: '[::1]:7', buckets: '1' }, {}).port).toEqual({ host: '[::1]', port: 7 });
  expect(clusterMembers().parse('1=[::1]:50041, 2=b:2')).toEqual([
    { rm: 1, address: '[::1]:50041' },
    { rm: 2, address: 'b:2' },
  ]);
  expect(() => readSettings(settings, { listen: '::1:7', buckets: '1' }, {})).toThrow(/stands in brackets, as in \[::1\]:9008/);
});

test('an empty variable is not set', () => {
  const environment: NodeJS.ProcessEnv = { MAS_LISTEN: '', MAS_BUCKETS: ' ', MAS_TC: 'a:1', NO_COLOR: '' };
  forgetEmptyVariables(environment);
  expect(environment).toEqual({ MAS_TC: 'a:1', NO_COLOR: '' });
  expect(readSettings(settings, { buckets: '1' }, environment).port).toEqual({ host: 'localhost', port: 9008 });
});

test('what may be a secret is not repeated', () => {
  expect(() => readSettings({ keys: commonSettings.jwtKeys }, { jwtKeys: 'c2VjcmV0' }, {})).toThrow(
    /^--jwt-keys \(or MAS_JWT_KEYS\) is wrong: expected KID=FILE or KID=FILE,KID=FILE$/,
  );
});
