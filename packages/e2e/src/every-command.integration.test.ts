/**
 * Every command of mas-client, with something wrong: one line on stderr, nothing on stdout, the documented exit code of its kind.
 * The list of commands comes from mas-client's own help, so that a new one without a row here fails. What only a running
 * cluster can answer is in command-line.integration.test.ts.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, tempFolder, type TempFolder } from '@mas/test-servers';
import { masClient, run, type Ran } from './harness/command';
import { REPOSITORY_ROOT } from './harness/mas-process';

const GROUPS = ['account', 'payment', 'lock', 'cluster', 'admin', 'backup', 'token'];
const TXN = 'a'.repeat(64);

/** A right call of every command, and the same with something missing or wrong in it (null: there is nothing but flags that do not exist). */
const COMMANDS: readonly (readonly [command: string, right: readonly string[], wrong: readonly string[] | null])[] = [
  ['account create', ['--number', 'abc'], ['--number', 'abc', '--balance', 'much']],
  ['account get', ['abc'], []],
  ['account list', [], ['--limit', 'all']],
  ['account statement', ['abc'], ['abc', '--from', 'May']],
  ['account freeze', ['abc'], []],
  ['account unfreeze', ['abc'], []],
  ['account close', ['abc'], []],
  ['payment create', ['--from', 'a', '--to', 'b', '--amount', '1'], ['--from', 'a', '--to', 'b']],
  ['payment authorize', ['--from', 'a', '--amount', '1', '--expires', '10m'], ['--from', 'a', '--amount', '1', '--expires', 'soon']],
  ['payment capture', ['p', '--to', 'b'], ['p']],
  ['payment void', ['p'], []],
  ['payment refund', ['p'], []],
  ['payment get', ['p'], []],
  ['payment trace', ['p'], []],
  ['payment list', ['--account', 'a'], ['--account', 'a', '--state', 'GONE']],
  ['lock acquire', ['a'], []],
  ['lock release', ['a', '--handle', 'h'], ['a']],
  ['lock refresh', ['a', '--handle', 'h'], ['a']],
  ['lock get', ['a'], []],
  ['lock list', [], null],
  ['lock break', ['a'], []],
  ['cluster status', [], null],
  ['cluster health', [], null],
  ['cluster add-node', ['4', 'localhost:1'], ['4']],
  ['cluster drain', ['4'], ['four']],
  ['cluster remove-node', ['4'], []],
  ['cluster move-replica', ['2', '--from', '1', '--to', '4'], ['2', '--from', '1']],
  ['cluster rebalance', [], ['--replicas', '0']],
  ['cluster add-bucket', ['--id', '4'], ['--replicas', '1,1']],
  ['cluster move-slots', ['--from', '1', '--to', '2', '--slots', '0-99'], ['--from', '1', '--to', '2', '--slots', '9-8']],
  ['cluster retire-bucket', ['4'], ['meta']],
  ['cluster pause-moves', [], null],
  ['cluster resume-moves', [], null],
  ['cluster cancel-moves', [], ['--wait-seconds', '0']],
  ['cluster replace-node', ['3'], []],
  ['backup create', ['--out', join(tmpdir(), `mas-no-backup-${process.pid}`)], []],
  ['audit', [], null],
  ['admin transactions', [], null],
  ['admin resolve', [TXN, '--account', 'a'], [TXN]],
];
/** Out of time, these say so in a word of their own: without a limit they hear that nobody is there. */
const WITHOUT_LIMIT: readonly string[] = ['audit', 'backup create'];
const SHORT = { MAS_TIMEOUT: '400' };
/** Without a connection. */
const LOCAL: readonly (readonly [command: string, wrong: readonly string[]])[] = [
  ['backup verify', []],
  ['token sign', ['--key', '/nowhere/key']],
  ['token show', ['no token']],
  ['repl', ['--no-such-flag']],
];

let folder: TempFolder;
let environment: Readonly<Record<string, string>>;

beforeAll(async () => {
  folder = await tempFolder('mas-commands');
  await run('bash', ['certs/make-certs.sh', '--dir', folder.path, '--rms', '1']);
  const signed = await masClient(['token', 'sign', '--key', join(folder.path, 'jwt-hs256-1.key')], {});
  environment = { MAS_TC: `localhost:${await freePort()}`, MAS_CERT: join(folder.path, 'ca.crt'), MAS_TOKEN: signed.stdout.trim() };
});

afterAll(() => folder?.remove());

function expectOneLine(ran: Ran, code: number, text: RegExp): void {
  expect(ran).toEqual({ code, stdout: '', stderr: expect.stringMatching(/^mas-client: [^\n]+\n$/) as unknown });
  expect(ran.stderr).toMatch(text);
  expect(ran.stderr).not.toMatch(/\n\s+at |Error:|undefined|\[object/);
}

test('help loads nothing that a command alone needs: gRPC, codecs, tokens, backups, payment files', async () => {
  const watch = join(folder.path, 'watch.cjs');
  const needed = '@grpc|jsonwebtoken|csv-parse|opentelemetry|packages/(?:rpc|client|backup|ledger|resource-manager)';
  const loaded = `Object.keys(require.cache).flatMap((file) => new RegExp('/(${needed})/').exec(file)?.[1] ?? [])`;
  writeFileSync(watch, `process.on('exit', () => process.stdout.write([...new Set(${loaded})].sort().join() || 'nothing'));`);
  const watched = (...args: readonly string[]): Promise<Ran> =>
    run(process.execPath, ['-r', watch, join(REPOSITORY_ROOT, 'packages/bin/dist/mas-client.js'), ...args], environment);
  expect(await watched('--help')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Usage: mas-client[\s\S]*\nnothing$/) as unknown });
  expect(await watched('account', 'list', '--timeout', '400')).toMatchObject({ code: 7, stdout: expect.stringMatching(/@grpc,.*packages\/rpc/) as unknown });
});

test('every command has its row', async () => {
  const listed = await Promise.all(['', ...GROUPS].map(async (group) => [group, await commandsIn(group)] as const));
  const leaves = listed.flatMap(([group, commands]) =>
    commands.filter((command) => group !== '' || !GROUPS.includes(command)).map((command) => `${group} ${command}`.trim()),
  );
  expect([...COMMANDS, ...LOCAL].map(([command]) => command).sort()).toEqual(leaves.sort());
  expect(GROUPS).toEqual(listed[0]?.[1].filter((command) => command !== 'audit' && command !== 'repl'));
});

describe.each(COMMANDS)('%s', (command, right, wrong) => {
  const asked = (...args: readonly string[]): Promise<Ran> =>
    masClient([...command.split(' '), ...args], WITHOUT_LIMIT.includes(command) ? environment : { ...environment, ...SHORT });

  test('nobody answers: exit 7, with the address; something wrong in it: exit 2', async () => {
    const [silent, bad] = await Promise.all([asked(...right), asked(...(wrong ?? [...right, '--no-such-flag']))]);
    expectOneLine(silent, 7, /(UNAVAILABLE|DEADLINE_EXCEEDED).*localhost:\d+/);
    // An amount is read by the server alone, so that there is one reader of money.
    expectOneLine(bad, wrong?.includes('much') === true ? 7 : 2, /./);
  });
});

test.each(LOCAL)('%s with %p: exit 2', async (command, wrong) => {
  expectOneLine(await masClient([...command.split(' '), ...wrong], environment), 2, /./);
});

test.each<[string, readonly string[], Readonly<Record<string, string>>, RegExp]>([
  ['a command that does not exist', ['acount', 'get'], {}, /unknown command 'acount'/],
  ['an address that is none', ['audit'], { MAS_TC: 'localhost' }, /not host:port/],
  ['a certificate that is not there', ['audit'], { MAS_CERT: '/nowhere/ca.crt' }, /\/nowhere\/ca\.crt/],
  ['a token file that is not there', ['audit'], { MAS_TOKEN: '/nowhere/token' }, /the token \(MAS_TOKEN\) is neither a token/],
  ['a context that is not there', ['audit'], { MAS_CONTEXT: '/nowhere/context.json' }, /there is no context file \/nowhere\/context\.json \(MAS_CONTEXT\)/],
  ['a time limit that is none', ['audit'], { MAS_TIMEOUT: 'long' }, /"long"/],
])('%s: exit 2', async (_, args, more, text) => {
  expectOneLine(await masClient(args, { ...environment, ...more }), 2, text);
});

test('the exit codes stand in the help and in the documentation, in the same words', async () => {
  const help = (await masClient(['--help'], environment)).stdout;
  const documented = readFileSync(join(REPOSITORY_ROOT, 'docs/running.md'), 'utf8');
  const codes = [...help.slice(help.indexOf('Exit codes:')).matchAll(/(?:^| )(\d{1,2}) {2}(\S.*?)(?= {3,}|$)/gm)].map(([, code = '', meaning = '']) => [
    code,
    meaning,
  ]);
  expect(codes.map(([code]) => Number(code)).sort((a, b) => a - b)).toEqual(Array.from({ length: 15 }, (_, code) => code));
  for (const [code, meaning] of codes) expect(documented).toContain(`| ${code} | ${meaning} |`);
});

/** Of a group, or (empty) of mas-client itself: names in its help. */
async function commandsIn(group: string): Promise<readonly string[]> {
  const { stdout } = await masClient([...(group === '' ? [] : [group]), '--help'], environment);
  const listing = stdout.slice(stdout.indexOf('\nCommands:\n') + '\nCommands:\n'.length).split('\n\n')[0] ?? '';
  return [...listing.matchAll(/^ {2}(\S+)/gm)].map(([, name = '']) => name).filter((name) => name !== 'help');
}
