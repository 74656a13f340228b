/**
 * Packets that are lost on a network of processes: what is sent after the loss arrives only when it has healed, and nobody is told
 * meanwhile. Where the network cannot be had, its one line says what is missing.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { waitUntil } from '@mas/test-servers';
import { PrivateNetwork } from './private-network';

const PORT = 20_000;
const ECHO = `require('net').createServer((socket) => socket.on('error', () => {}).on('data', (bytes) => socket.write(bytes))).listen(${PORT}, process.argv[1], () => console.log('listens'))`;

const reason = PrivateNetwork.whyNot();
const started: ChildProcess[] = [];
let network: PrivateNetwork | null = null;

afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  await network?.close();
  network = null;
});

function run(on: string, script: string, argument: string): ChildProcess {
  const [program = '', ...args] = [...(network?.on(on) ?? []), process.execPath, '-e', script, argument];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  return child;
}

/** Says a number every 20 ms, and prints each one that comes back. */
const ASK = `const socket = require('net').connect(${PORT}, process.argv[1], () => { let at = 0; setInterval(() => socket.write(\`\${at++} \`), 20); });
socket.on('data', (bytes) => process.stdout.write(bytes)).on('error', (error) => process.stdout.write('ERROR ' + error.message)).on('close', () => process.stdout.write('CLOSED'));`;

async function echoing(): Promise<{ readonly heard: () => number; readonly text: () => string }> {
  network = await PrivateNetwork.start(['a', 'b']);
  const server = run('b', ECHO, network.addressOf('b'));
  if (server.stdout !== null) await once(server.stdout, 'data');
  let text = '';
  run('a', ASK, network.addressOf('b')).stdout?.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  const heard = (): number => text.split(' ').length;
  await waitUntil('numbers come back', () => heard() > 5);
  return { heard, text: () => text };
}

/** Nothing comes any more: the last thing heard is older than what was sent since. */
async function silence(heard: () => number): Promise<number> {
  let last = -1;
  await waitUntil(
    'nothing comes any more',
    () => {
      const isSilent = heard() === last;
      last = heard();
      return isSilent;
    },
    { intervalMs: 300 },
  );
  return last;
}

const withNetwork = reason === null;

test('without root on Linux it says what it needs', async () => {
  if (withNetwork) expect(reason).toBeNull();
  else await expect(PrivateNetwork.start(['a'])).rejects.toThrow('needs root on Linux');
});

test.each([
  [
    'both ways',
    [
      { from: 'a', to: 'b' },
      { from: 'b', to: 'a' },
    ],
  ],
  ['what is asked', [{ from: 'a', to: 'b' }]],
  ['what is answered', [{ from: 'b', to: 'a' }]],
])('lost: %s', async (_, losses) => {
  if (!withNetwork) return expect(reason).toContain('needs root on Linux');
  const { heard, text } = await echoing();
  network?.lose(losses);
  const before = await silence(heard);
  network?.heal();
  await waitUntil('numbers come back again', () => heard() > before + 5);
  expect(text()).not.toMatch(/ERROR|CLOSED/);
});

test('a share of packets is lost: what is said arrives all the same, in order', async () => {
  if (!withNetwork) return expect(reason).toContain('needs root on Linux');
  const { heard, text } = await echoing();
  network?.lose([{ from: 'a', to: 'b', percent: 30 }]);
  const before = heard();
  await waitUntil('numbers come back', () => heard() > before + 50);
  const numbers = text().split(' ').slice(0, -1).map(Number);
  expect(numbers).toEqual(numbers.map((_, at) => at));
});

test('the test process is a host as well', async () => {
  if (!withNetwork) return expect(reason).toContain('needs root on Linux');
  network = await PrivateNetwork.start(['b']);
  const server = run('b', ECHO, network.addressOf('b'));
  if (server.stdout !== null) await once(server.stdout, 'data');
  const socket = connect(PORT, network.addressOf('b'));
  socket.write('hello');
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  expect(bytes.toString('latin1')).toBe('hello');
  socket.destroy();
});
